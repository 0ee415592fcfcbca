# A claim counts nothing until another party attests it; with nothing counted the default shares hold.
community   proposes
now         agreement is NEGOTIATING
community   contributes C0 1 hour                       -> refused NOT_IN_FORCE
enterprise  accepts
now         agreement is IN_FORCE
community   contributes C1 3 hour
now         C1 is CLAIMED
now         shares 7/10 3/10
community   attests C1                                  -> refused OWN_CONTRIBUTION
stranger    contributes C2 9 hour for community         -> refused SIGNER_NOT_PARTY
enterprise  contributes C2 9 hour for community         -> refused NOT_YOUR_PARTY
community   contributes C2 9 day                        -> refused UNKNOWN_UNIT
community   contributes C2 0 hour                       -> refused QUANTITY_ZERO
enterprise  attests C9                                  -> refused UNKNOWN_CONTRIBUTION
enterprise  attests C1 quality 1/2
now         C1 is ACCEPTED
now         shares 149/200 51/200                       # (3/2 + 17/2 x 7/10) / 10
enterprise  reports B1 sales 100.00 EUR
now         B1 is REPORTED
enterprise  settles                                     # nothing is confirmed: nothing is due
now         B1 is REPORTED
community   confirms B1
now         B1 is CONFIRMED
enterprise  settles                                     -> due community 74.50 EUR enterprise 25.50 EUR
now         B1 is SETTLED
now         C1 is FINAL

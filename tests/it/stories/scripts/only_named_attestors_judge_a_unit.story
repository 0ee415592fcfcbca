party       community
party       enterprise
party       foundation
dimension   T mass none defaults 1/3,1/3,1/3
unit        hour T 1
unit        audit T 5 by foundation
community   proposes
enterprise  accepts
foundation  accepts
community   contributes C1 1 audit
enterprise  attests C1                                  -> refused NOT_ATTESTOR
foundation  attests C1
now         C1 is ACCEPTED
now         shares 1 0 0
enterprise  contributes E1 1 hour
community   attests E1 C1                               -> refused OWN_CONTRIBUTION   # all or nothing
now         E1 is CLAIMED
community   attests E1
now         shares 5/6 1/6 0

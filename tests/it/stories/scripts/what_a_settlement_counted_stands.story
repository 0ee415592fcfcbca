community   proposes
enterprise  accepts
community   contributes C1 5 hour
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 85.00 EUR enterprise 15.00 EUR
now         C1 is FINAL
community   withdraws C1                                -> refused CONTRIBUTION_FINAL
enterprise  attests C1                                  -> refused ALREADY_ATTESTED
community   contributes C2 5 hour
enterprise  attests C2
now         C2 is ACCEPTED
community   withdraws C2
enterprise  reports B2 sales 100.00 EUR
community   confirms B2
community   settles                                     -> due community 85.00 EUR enterprise 15.00 EUR

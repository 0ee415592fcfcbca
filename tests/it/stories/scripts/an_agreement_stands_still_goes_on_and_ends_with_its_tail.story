tail 30

community   proposes
enterprise  accepts
community   contributes C1 10 hour
community   suspends S1
enterprise  accepts-motion S1
now         agreement is SUSPENDED
enterprise  attests C1                           -> refused SUSPENDED
community   suspends S2                          -> refused SUSPENDED
community   resumes R1
enterprise  accepts-motion R1
now         agreement is IN_FORCE
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  disputes D1 C1 quality 1/2
community   ends E1                              -> refused DISPUTES_OPEN
enterprise  takes-back D1
community   ends E1
enterprise  accepts-motion E1
now         agreement is WINDING_DOWN
community   contributes C2 1 hour                -> refused WINDING_DOWN
enterprise  settles                              -> due community 100.00 EUR
enterprise  reports B2 sales 50.00 EUR
community   confirms B2
clock       2026-01-20T12:00:00Z
enterprise  settles                              -> due community 50.00 EUR
clock       2026-02-20T12:00:00Z
now         agreement is CLOSED
enterprise  settles                              -> refused CLOSED

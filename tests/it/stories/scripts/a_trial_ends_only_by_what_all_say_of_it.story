trial 30

community   proposes
enterprise  accepts
now         agreement is TRIAL
community   contributes C1 10 hour
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> refused NOT_IN_FORCE
community   resumes R1                           -> refused NOT_SUSPENDED
community   tries-out T1 extended 2026-01-15     -> refused EXTENSION_NOT_LATER
community   tries-out T1 extended 2026-03-01
now         agreement is TRIAL
clock       2026-02-15T12:00:00Z
community   contributes C2 1 hour                -> refused TRIAL_OVER
enterprise  accepts-motion T1
community   contributes C3 1 hour
community   tries-out T2 passed
community   contributes C4 1 hour
now         agreement is TRIAL                   # by one side it is not passed
enterprise  accepts-motion T2
now         agreement is IN_FORCE
enterprise  settles                              -> due community 100.00 EUR
community   tries-out T3 passed                  -> refused NOT_IN_TRIAL
---
trial 30
tail 10

community   proposes
enterprise  accepts
community   tries-out T1 failed
enterprise  declines-motion T1
now         agreement is TRIAL
enterprise  tries-out T2 failed
community   accepts-motion T2
now         agreement is WINDING_DOWN

# Nobody has to say so: the deadline works at the next statement.
deadline    2026-01-10
clock       2026-01-01
community   proposes
clock       2026-01-10T00:00:01Z
now         agreement is LAPSED
enterprise  accepts                                     -> refused PROPOSAL_EXPIRED
enterprise  declines                                    -> refused PROPOSAL_EXPIRED
community   withdraws-proposal                          -> refused PROPOSAL_EXPIRED
community   contributes C1 1 hour                       -> refused NOT_IN_FORCE
---
deadline    2026-01-10
clock       2026-01-09T23:58:00Z
community   proposes
enterprise  accepts                                     # at midnight sharp: still in time
now         agreement is IN_FORCE
clock       2026-02-01
now         agreement is IN_FORCE
---
deadline    2026-01-10
clock       2026-01-11
community   proposes                                    -> refused DEADLINE_PASSED

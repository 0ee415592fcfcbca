# The six steps of a cooperation: what is needed, who does what, and what is learned.
window      attest 30
dimension   T weight 1/2 mass 10 defaults 7/10,3/10
dimension   S weight 1/2 mass none defaults 1/2,1/2
unit        hour T 1
unit        talk S 1
community   proposes
enterprise  needs N1 a-release,documentation            # before it is in force, too
now         needs 2
community   plans P0 task build:community:T:10:2026-03-01   -> refused NOT_IN_FORCE
enterprise  accepts
community   needs N2 support
now         needs 3
stranger    needs N3 money                              -> refused SIGNER_NOT_PARTY
now         plan none
community   contributes C0 1 hour on build              -> refused UNKNOWN_TASK
community   plans P0 task build:nobody:T:10:2026-03-01      -> refused TASK_OWNER_UNKNOWN
community   plans P0 task build:community:X:10:2026-03-01   -> refused TASK_DIMENSION_UNKNOWN
community   plans P0 task build:community:T:9:2026-03-01    -> refused BUDGETS_NOT_FLOOR_MASS
community   plans P0 task build:community:T:10:2026-03-01 task talk:community:S:1:2026-03-01  -> refused TASK_WITHOUT_FLOOR_MASS
community   plans P0 task build:community:T:10:2026-03-01 milestone beta:build+test  -> refused MILESTONE_TASK_UNKNOWN
community   plans P0 task build:community:T:10:2026-03-01 takes F1  -> refused FEEDBACK_NOT_ACCEPTED
community   plans P1 task build:community:T:6:2026-03-01 task test:enterprise:T:4:2026-03-01 milestone beta:build+test
now         plan none                                   # it needs all
enterprise  agrees P1
now         plan P1 1
community   contributes C1 4 hour on test               -> refused NOT_TASK_OWNER
community   contributes C1 4 hour on deploy             -> refused UNKNOWN_TASK
community   contributes C1 4 talk on build              -> refused TASK_DIMENSION_OTHER
community   contributes C1 4 hour on build
enterprise  attests C1
now         task build used 4 open
now         milestone beta open
community   contributes C2 3 hour on build              # more than was planned
enterprise  attests C2                                  -> refused TASK_BUDGET_EXCEEDED
community   contributes C3 2 hour on build
community   contributes C4 1 hour on build
enterprise  attests C3 C4                               -> refused TASK_BUDGET_EXCEEDED   # all of them, or none
enterprise  attests C3
now         task build used 6 done
enterprise  attests C2 unplanned                        # wanted all the same: the budget is as it was
now         task build used 6 done
enterprise  contributes E1 4 hour on test
community   attests E1
now         milestone beta done
community   withdraws C3                                # gives its budget back
now         task build used 4 open
community   withdraws C2                                # which used none
now         task build used 4 open
enterprise  attests C4
now         task build used 5 open
clock       2026-03-02
now         task build used 5 overdue
now         milestone beta overdue

party       community
party       enterprise
party       foundation
dimension   T weight 1/2 mass 10 defaults 1/2,3/10,1/5
dimension   S weight 1/2 mass none defaults 1/3,1/3,1/3
unit        hour T 1
unit        study T 1 attestations 2
unit        talk S 1
community   proposes
enterprise  accepts
foundation  accepts
community   contributes C0 1 hour                       # without a plan there is nothing that is unplanned
community   contributes C1 1 hour
enterprise  attests C0
community   plans P1 task build:community:T:10:2026-03-01
enterprise  agrees P1
foundation  agrees P1
enterprise  attests C1                                  -> refused UNPLANNED_NOT_ACCEPTED
enterprise  rejects C1                                  # that it may be, always
enterprise  contributes E1 2 hour
community   attests E1                                  -> refused UNPLANNED_NOT_ACCEPTED
community   attests E1 unplanned
community   contributes S1 2 talk                       # no floor mass, no plan
foundation  attests S1                                  -> refused UNPLANNED_NOT_ACCEPTED
foundation  attests S1 unplanned
community   contributes D1 8 study on build             # the second of two completes it
enterprise  attests D1
foundation  attests D1
now         task build used 8 open
community   contributes D2 8 study on build
enterprise  attests D2                                  # completes nothing
foundation  attests D2                                  -> refused TASK_BUDGET_EXCEEDED
foundation  attests D2 unplanned
now         task build used 8 open
# The next plan has a task of the same name, and goes on with what it has used.
community   contributes C5 1 hour on build
community   plans P2 task build:community:T:9:2026-05-01 task test:foundation:T:1:2026-05-01
enterprise  agrees P2
foundation  agrees P2
now         plan P2 2
now         task build used 8 open
enterprise  attests C5
now         task build used 9 done
community   contributes C6 1 hour on build
community   plans P3 task test:foundation:T:10:2026-05-01
enterprise  agrees P3
foundation  agrees P3
enterprise  attests C6                                  -> refused UNPLANNED_NOT_ACCEPTED   # its task is gone
community   withdraws C5                                # nor is there a budget to give back
community   plans P4 task build:community:T:10:2026-05-01
enterprise  agrees P4
foundation  agrees P4
now         task build used 0 open
community   withdraws D1                                # accepted under another plan's task of that name
now         task build used 0 open
enterprise  agrees P2                                   -> refused UNKNOWN_MOTION           # an old plan does not come back

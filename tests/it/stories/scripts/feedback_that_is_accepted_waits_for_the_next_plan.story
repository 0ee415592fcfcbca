community   proposes
enterprise  feeds-back F0                               # before it is in force, too
enterprise  accepts
enterprise  feeds-back F1
enterprise  feeds-back F2
now         waiting F0 F1 F2
enterprise  answers F1 yes                              -> refused OWN_FEEDBACK
community   answers F9 yes                              -> refused UNKNOWN_FEEDBACK
community   answers F1 yes
community   answers F1 no                               -> refused FEEDBACK_ANSWERED
community   answers F2 no
community   answers F2 yes                              -> refused FEEDBACK_ANSWERED
now         waiting F0 F1+
community   plans P1 task build:community:T:10:2026-03-01 takes F0  -> refused FEEDBACK_NOT_ACCEPTED
community   plans P1 task build:community:T:10:2026-03-01 takes F2  -> refused FEEDBACK_NOT_ACCEPTED
community   plans P1 task build:community:T:10:2026-03-01 takes F1
now         waiting F0 F1+
enterprise  agrees P1
now         waiting F0
community   plans P2 task build:community:T:10:2026-03-01 takes F1  -> refused FEEDBACK_NOT_ACCEPTED
---
# Two plans want it: the first one gets it, and the other cannot be completed any more.
community   proposes
enterprise  accepts
enterprise  feeds-back F1
community   answers F1 yes
community   plans P1 task build:community:T:10:2026-03-01 takes F1
community   plans P2 task build:community:T:10:2026-04-01 takes F1
enterprise  agrees P2
enterprise  agrees P1                                   -> refused FEEDBACK_NOT_ACCEPTED

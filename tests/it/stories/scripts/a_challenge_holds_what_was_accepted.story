party       community
party       enterprise
party       foundation
window      challenge 30
dimension   T mass 10 defaults 1/2,1/4,1/4
clock       2026-01-01
community   proposes
enterprise  accepts
foundation  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
community   contributes C1 10 hour
foundation  challenges X1 NOT_DONE C1                   -> refused NOT_ACCEPTED
enterprise  attests C1
community   challenges X1 NOT_DONE C1                   -> refused OWN_CHALLENGE
foundation  challenges X1 NOT_DONE C9                   -> refused UNKNOWN_CONTRIBUTION
foundation  challenges X1 NOT_DONE C1
now         challenged C1
now         C1 is ACCEPTED
foundation  challenges X2 NOT_DONE C1                   -> refused CHALLENGED_BEFORE
foundation  challenges X2 QUALITY C1
enterprise  challenges X3 NOT_DONE C1                   # who accepted it may learn better
enterprise  takes-back X1                               -> refused NOT_YOURS
foundation  takes-back X1
foundation  takes-back X1                               -> refused NOTHING_TO_TAKE_BACK
foundation  challenges X4 NOT_DONE C1                   -> refused CHALLENGED_BEFORE    # a ground counts once
foundation  takes-back X2
now         challenged C1
enterprise  takes-back X3
now         challenged none
now         disputed 0.00
enterprise  challenges X5 RIGHTS C1
enterprise  settles
now         C1 is FINAL
foundation  challenges X6 RIGHTS C1                     # within the window what is final can be challenged, too
community   withdraws C1                                -> refused CONTRIBUTION_FINAL
community   contributes C2 5 hour
foundation  attests C2
enterprise  challenges X7 QUANTITY C2
now         challenged C1 C2
community   withdraws C2                                # concedes
now         challenged C1
enterprise  takes-back X7                               -> refused NOTHING_TO_TAKE_BACK
clock       2026-02-01
enterprise  challenges X8 QUALITY C1                    -> refused CHALLENGE_LATE
---
community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  attests C1
enterprise  challenges X1 NOT_DONE C1                   -> refused CHALLENGE_NOT_FORESEEN

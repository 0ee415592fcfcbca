statement-days 14
party       community
party       enterprise keys 2 threshold 2
party       foundation
dimension   T mass 10 defaults 1/2,3/10,1/5
community   proposes
enterprise  accepts
enterprise.2 accepts
foundation  accepts
community   acknowledges                                -> refused UNKNOWN_SETTLEMENT
community   settles
now         final is no
community   acknowledges at 1                           -> refused UNKNOWN_SETTLEMENT
community   acknowledges
community   acknowledges                                -> refused ALREADY_ACKNOWLEDGED
enterprise.2 acknowledges                               # one key speaks for its party here
now         final is no
foundation  acknowledges
now         final is yes
community   settles                                     # the next one is new
now         final is no
community   acknowledges at 4                           -> refused NOT_LAST_SETTLEMENT
clock       2026-01-15T12:00:00Z
now         final is no
clock       2026-01-16
now         final is yes                                # silence is no yes, but holds nothing up
foundation  acknowledges                                -> refused ACKNOWLEDGEMENT_LATE
---
# Without a window it waits for all.
community   proposes
enterprise  accepts
community   settles
clock       2030-01-01
now         final is no
community   acknowledges
enterprise  acknowledges
now         final is yes

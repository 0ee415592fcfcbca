# One fault at a time; everything else is in order.
mediator    umpire
calendar    month
fee         bank 1/10 EUR cap 5.00
holdback    1/10 30
recoups     compute
corridor    1/2
bound       community EUR cap 1/2 floor 1.00
guarantee   community enterprise 1.00 EUR
decay       1/20
baseline    community 1.00 EUR
community   proposes
---
mediator    enterprise.1
community   proposes                                    -> refused MEDIATOR_IS_PARTY
---
fee         bank 1/10 EUR
fee         bank 1/10 EUR
community   proposes                                    -> refused NAME_TWICE
---
fee         bank 1/10 USD
community   proposes                                    -> refused CURRENCY_UNKNOWN
---
fee         bank 1/10 EUR cap 9223372036854775808
community   proposes                                    -> refused RULE_TOO_LARGE
---
fee         bank 1/2 EUR
fee         broker 51/100 EUR
community   proposes                                    -> refused FEES_ABOVE_ONE
---
fee         bank 1/2 EUR
holdback    51/100 30
community   proposes                                    -> refused FEES_ABOVE_ONE
---
currency    EUR 2                                       # each currency by itself
currency    USD 2
fee         bank 1/2 EUR
fee         broker 51/100 USD
community   proposes
---
holdback    1/10 0
community   proposes                                    -> refused HOLDBACK_UNFIT
---
holdback    0 30
community   proposes                                    -> refused HOLDBACK_UNFIT
---
corridor    1/2
community   proposes                                    -> refused CORRIDOR_WITHOUT_COSTS
---
bound       stranger EUR floor 1.00
community   proposes                                    -> refused PARTY_UNKNOWN
---
bound       community USD floor 1.00
community   proposes                                    -> refused CURRENCY_UNKNOWN
---
bound       community EUR
community   proposes                                    -> refused BOUND_EMPTY
---
bound       community EUR floor 9223372036854775807
bound       enterprise EUR floor 1
community   proposes                                    -> refused RULE_TOO_LARGE
---
guarantee   stranger enterprise 1.00 EUR
community   proposes                                    -> refused PARTY_UNKNOWN
---
guarantee   community stranger 1.00 EUR
community   proposes                                    -> refused PARTY_UNKNOWN
---
guarantee   community community 1.00 EUR
community   proposes                                    -> refused GUARANTEES_ITSELF
---
guarantee   community enterprise 1.00 USD
community   proposes                                    -> refused CURRENCY_UNKNOWN
---
rounding    never-negative
guarantee   community enterprise 1.00 EUR
community   proposes                                    -> refused ROUNDING_UNFIT
---
rounding    never-negative
share-policy true-up
community   proposes                                    -> refused ROUNDING_UNFIT
---
rounding    never-negative
holdback    1/10 30
community   proposes
---
decay       1/20
community   proposes                                    -> refused DECAY_WITHOUT_CALENDAR
---
calendar    month
decay       1/1001
community   proposes                                    -> refused DECAY_TOO_FINE
---
baseline    stranger 1.00 EUR
community   proposes                                    -> refused PARTY_UNKNOWN
---
baseline    community 1.00 USD
community   proposes                                    -> refused CURRENCY_UNKNOWN

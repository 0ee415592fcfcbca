stranger    proposes                                    -> refused SIGNER_NOT_PARTY
community   proposes
---
party       community
party       community
community   proposes                                    -> refused NAME_TWICE
---
dimension   T weight 1/2 mass 10 defaults 7/10,3/10
dimension   T weight 1/2 mass 10 defaults 7/10,3/10
community   proposes                                    -> refused NAME_TWICE
---
unit        hour T 1
unit        hour T 2
community   proposes                                    -> refused NAME_TWICE
---
stream      sales enterprise 1
stream      sales community 1
community   proposes                                    -> refused NAME_TWICE
---
key         enterprise.1 is community.1
community   proposes                                    -> refused KEY_TWICE
---
party       community keys 2
party       enterprise
key         community.2 is community.1
community   proposes                                    -> refused KEY_TWICE
---
key         enterprise.1 CLAIM,ATTEST,REPORT
community   proposes                                    -> refused GOVERN_KEY_MISSING
---
party       community
party       enterprise keys 2 threshold 3
community   proposes                                    -> refused GOVERN_THRESHOLD_OUT_OF_RANGE
---
party       community
party       enterprise threshold 0
community   proposes                                    -> refused GOVERN_THRESHOLD_OUT_OF_RANGE
---
party       community
party       enterprise kappa 0
community   proposes                                    -> refused PARTY_COEFFICIENT_ZERO
---
currency    EUR 2
currency    EUR 3
community   proposes                                    -> refused CURRENCY_TWICE
---
dimension   T weight 1/2 mass 10 defaults 7/10,3/10
dimension   S weight 1/3 mass 10 defaults 7/10,3/10
community   proposes                                    -> refused WEIGHTS_NOT_ONE
---
dimension   T mass 0 defaults 7/10,3/10
community   proposes                                    -> refused FLOOR_MASS_ZERO
---
dimension   T mass 10 unwanted defaults 7/10,3/10
community   proposes                                    -> refused FLOOR_MASS_UNWANTED
---
dimension   T mass 10 defaults 1
community   proposes                                    -> refused DEFAULT_SHARES_MISSING
---
dimension   T mass 10 defaults 7/10,1/5
community   proposes                                    -> refused DEFAULT_SHARES_NOT_ONE
---
dimension   T mass 10 defaults 7/10,3/10 coefficients 1
community   proposes                                    -> refused COEFFICIENTS_MISSING
---
dimension   T mass 10 defaults 7/10,3/10 coefficients 1,0
community   proposes                                    -> refused COEFFICIENT_ZERO
---
unit        hour S 1
community   proposes                                    -> refused UNIT_DIMENSION_UNKNOWN
---
unit        hour T 0
community   proposes                                    -> refused UNIT_POINTS_ZERO
---
unit        hour T 1 attestations 0
community   proposes                                    -> refused UNIT_ATTESTATIONS_ZERO
---
unit        hour T 1 by stranger
community   proposes                                    -> refused ATTESTOR_UNKNOWN
---
unit        hour T 1 by enterprise,community
community   proposes                                    -> refused ATTESTORS_NOT_IN_ORDER
---
unit        hour T 1 by community,community
community   proposes                                    -> refused ATTESTORS_NOT_IN_ORDER
---
unit        hour T 1 attestations 2
community   proposes                                    -> refused ATTESTATIONS_IMPOSSIBLE
---
key         enterprise.1 GOVERN,CLAIM,REPORT            # who could judge what the community claims?
community   proposes                                    -> refused ATTESTATIONS_IMPOSSIBLE
---
unit        hour T 1 by community                       # who claims it, when only the community may judge it: the other
community   proposes
---
key         enterprise.1 GOVERN,ATTEST,REPORT           # the community alone claims, and none but itself may judge
unit        hour T 1 by community
community   proposes                                    -> refused ATTESTATIONS_IMPOSSIBLE
---
stream      sales stranger 1
community   proposes                                    -> refused COLLECTOR_UNKNOWN
---
key         enterprise.1 GOVERN,CLAIM,ATTEST
community   proposes                                    -> refused COLLECTOR_CANNOT_REPORT
---
key         community.1 GOVERN,CLAIM,ATTEST
community   proposes                                    -> refused CONFIRMATION_IMPOSSIBLE
---
stream      sales enterprise 11/10
community   proposes                                    -> refused POOL_RATE_ABOVE_ONE
---
licence     code Apache-2.0 OR
community   proposes                                    -> refused LICENCE_UNKNOWN
---
licence     code Do-What-You-Like
community   proposes                                    -> refused LICENCE_UNKNOWN
---
# Five primes of 61 bits do not fit into 256 bits.
party       a kappa 1/2305843009213693951
party       b kappa 1/2305843009213693921
party       c kappa 1/2305843009213693907
party       d kappa 1/2305843009213693723
party       e kappa 1/2305843009213693693
dimension   T mass 10 defaults 1/5,1/5,1/5,1/5,1/5
stream      sales a 1
a           proposes                                    -> refused TERMS_TOO_FINE

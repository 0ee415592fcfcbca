dimension   T mass 10 defaults 7/10,3/10
example     nothing-done gross sales 100.00 allocates 70.00,30.00 EUR
example     half-the-plan points T 2,3 gross sales 100.01 allocates 55.01,45.00 EUR
licence     code Apache-2.0
licence     data CC-BY-4.0 OR LicenseRef-community-data
licence     old GPL-2.0                                 # deprecated by SPDX, and still in ledgers
community   proposes
enterprise  accepts
now         agreement is IN_FORCE
---
example     too-hopeful gross sales 100.00 allocates 75.00,25.00 EUR
community   proposes                                    -> refused EXAMPLE_MISMATCH
---
example     three-parties gross sales 100.00 allocates 70.00,20.00,10.00 EUR
community   proposes                                    -> refused EXAMPLE_UNFIT
---
example     unknown-stream gross rent 100.00 allocates 70.00,30.00 EUR
community   proposes                                    -> refused EXAMPLE_UNFIT
---
example     unknown-dimension points G 1,2 allocates 0.00,0.00 EUR
community   proposes                                    -> refused EXAMPLE_UNFIT
---
example     unknown-currency gross sales 100.00 allocates 70.00,30.00 USD
community   proposes                                    -> refused EXAMPLE_UNFIT
---
example     twice gross sales 100.00 gross sales 1.00 allocates 70.70,30.30 EUR
community   proposes                                    -> refused EXAMPLE_UNFIT
---
example     too-much gross sales 9223372036854775808 allocates 0,0 EUR
community   proposes                                    -> refused EXAMPLE_UNFIT

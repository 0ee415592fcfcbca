party       community keys 4
party       enterprise
key         community.1 GOVERN
key         community.2 CLAIM
key         community.3 ATTEST
key         community.4 REPORT
community.2 proposes                                    -> refused SCOPE_MISSING
community.1 proposes
enterprise  accepts
community.1 contributes C1 1 hour                       -> refused SCOPE_MISSING
community.2 contributes C1 1 hour
community.3 withdraws C1                                -> refused SCOPE_MISSING
enterprise  contributes E1 1 hour
community.2 attests E1                                  -> refused SCOPE_MISSING
community.3 attests E1
enterprise  reports B1 sales 10.00 EUR
community.3 confirms B1                                 -> refused SCOPE_MISSING
community.4 confirms B1
enterprise  reverses R1 B1 10.00
community.1 confirms-reversal R1                        -> refused SCOPE_MISSING
community.4 confirms-reversal R1
community.3 reports B2 sales 1.00 EUR                   -> refused SCOPE_MISSING
community.2 settles                                     # any key of any party

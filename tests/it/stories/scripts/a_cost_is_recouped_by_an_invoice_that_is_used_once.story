# V13: 10,000.00 and 30,000.00 were spent; what comes in goes there first.
recoups     compute,travel
dimension   T mass none defaults 7/10,3/10
community   proposes
enterprise  accepts
community   spends K1 wine 10000.00 EUR invoice A       -> refused UNKNOWN_CATEGORY
community   spends K1 compute 10000.00 USD invoice A    -> refused UNKNOWN_CURRENCY
community   spends K1 compute 9223372036854775808 EUR invoice A   -> refused COSTS_TOO_LARGE
community   spends K1 compute 10000.00 EUR invoice A
community   spends K2 travel 10000.00 EUR invoice A     -> refused INVOICE_TWICE
enterprise  spends K2 travel 30000.00 EUR invoice A     -> refused INVOICE_TWICE
enterprise  spends K2 travel 3000.00 EUR invoice B      # a slip
community   recalls K2                                  -> refused NOT_YOURS
enterprise  recalls K2
enterprise  recalls K2                                  -> refused COST_NOT_OPEN
community   confirms-cost K2                            -> refused COST_NOT_OPEN
enterprise  spends K3 travel 30000.00 EUR invoice B
community   confirms-cost K1                            -> refused OWN_COST
community   confirms-cost K9                            -> refused UNKNOWN_COST
enterprise  confirms-cost K1
enterprise  confirms-cost K1                            -> refused COST_NOT_OPEN
community   confirms-cost K3
community   recalls K1                                  -> refused COST_NOT_OPEN
enterprise  spends K4 compute 9223372036854775807 EUR invoice C
community   confirms-cost K4                            -> refused COSTS_TOO_LARGE
enterprise  reports B1 sales 15000.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 3750.00 EUR enterprise 11250.00 EUR
enterprise  reports B2 sales 40000.01 EUR
community   confirms B2
enterprise  settles                                     -> due community 16750.01 EUR enterprise 23250.00 EUR
---
# What is recouped brings no points, whichever comes first.
recoups     compute
community   proposes
enterprise  accepts
community   contributes C1 1 hour artifact A
community   spends K1 compute 1.00 EUR invoice A        -> refused ALSO_CLAIMED
enterprise  spends K1 compute 1.00 EUR invoice A        -> refused ALSO_CLAIMED
community   withdraws C1
community   spends K1 compute 1.00 EUR invoice A
community   contributes C2 1 hour artifact A            -> refused ALSO_COST
enterprise  contributes C2 1 hour artifact B artifact A -> refused ALSO_COST
community   recalls K1
community   contributes C2 1 hour artifact A
---
community   proposes
enterprise  accepts
community   spends K1 compute 1.00 EUR invoice A        -> refused NO_RECOUPMENT

currency    EUR 2
currency    USD 2
community   proposes
enterprise  settles                                     -> refused NOT_IN_FORCE
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
stranger    settles                                     -> refused SIGNER_NOT_PARTY
enterprise  settles at 5                                -> refused SETTLEMENT_TOO_NEW
enterprise  settles paying community 60.00              -> refused SPLIT_MISMATCH
enterprise  settles allocating enterprise 30.01         -> refused SPLIT_MISMATCH
enterprise  settles pooling 100.01                      -> refused SPLIT_MISMATCH
enterprise  settles without-a-currency                  -> refused SPLIT_MISMATCH
enterprise  settles without-a-party                     -> refused SPLIT_MISMATCH
enterprise  settles with-other-shares                   -> refused SPLIT_MISMATCH
enterprise  settles with-other-entitlements             -> refused SPLIT_MISMATCH
enterprise  settles at 0                                -> refused FIELD_ZERO
enterprise  settles at 4                                -> due community 70.00 EUR enterprise 30.00 EUR
community   settles at 4                                -> refused SETTLEMENT_TOO_OLD
community   settles at 3                                -> refused SETTLEMENT_TOO_OLD
community   settles at 5

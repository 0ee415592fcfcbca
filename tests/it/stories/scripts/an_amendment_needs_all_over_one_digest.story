community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> due community 100.00 EUR
enterprise  amends A1 of another stream sales enterprise 1/2            -> refused TERMS_REPLACED
enterprise  amends A1 from 2025-06-01 stream sales enterprise 1/2       -> refused EFFECTIVE_IN_PAST
enterprise  amends A1 stream sales community 1/2                        -> refused TERMS_NOT_CONTINUED
enterprise  amends A1 currency USD 2 ; key enterprise.1 is other.1      -> refused TERMS_NOT_CONTINUED
enterprise  amends A1 dimension T mass 10 defaults 1/2,1/3              -> refused DEFAULT_SHARES_NOT_ONE
enterprise  amends A1 stream sales enterprise 1/2
enterprise  reports B2 sales 100.00 EUR
community   confirms B2
enterprise  settles                              -> due community 100.00 EUR
community   declines-motion A1
community   accepts-motion A1                    -> refused UNKNOWN_MOTION
enterprise  amends A2 stream sales enterprise 1/2 ; currency USD 2
community   accepts-motion A2
enterprise  reports B3 sales 100.00 EUR
enterprise  reports B4 sales 10.00 USD
community   confirms B3 B4
enterprise  settles                              -> due community 50.00 EUR community 5.00 USD
enterprise  reverses R1 B2 100.00
community   confirms-reversal R1
enterprise  settles                              -> due community -100.00 EUR     # under the terms it came in
---
community   proposes
enterprise  accepts
community   contributes C1 5 hour
enterprise  attests C1
enterprise  amends A1 from 2026-02-01 unit hour T 2
community   accepts-motion A1
community   amends A2 unit hour T 3              -> refused AMENDMENT_PENDING
community   contributes C2 1 hour
clock       2026-02-01T12:00:00Z
community   contributes C3 1 hour
enterprise  attests C2 C3                        # each under the terms at its own place
enterprise  contributes C4 1 hour
community   attests C4
now         shares 4/5 1/5
---
community   proposes
enterprise  accepts
community   contributes C1 5 hour
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> due community 85.00 EUR enterprise 15.00 EUR
enterprise  amends A1 retroactive wrongly dimension T mass 5 defaults 7/10,3/10   -> refused EFFECT_MISMATCH
enterprise  amends A1 retroactive dimension T mass 20 defaults 1/2,1/2
community   accepts-motion A1
enterprise  settles                              -> due community -22.50 EUR enterprise 22.50 EUR

party community
party enterprise
party foundation
dimension T mass 10 defaults 1/2,3/10,1/5

community   proposes
enterprise  accepts
enterprise  counters P2 stream sales enterprise 1/2
now         agreement is NEGOTIATING
community   accepts                              -> refused OTHER_PROPOSAL
foundation  accepts-motion P2
enterprise  accepts-motion P2                    -> refused ALREADY_ACCEPTED
community   counters P3 of proposal stream sales enterprise 1/3   -> refused OTHER_PROPOSAL
community   counters P3 of P2 dimension T mass 10 defaults 1/2,1/2,1/5   -> refused DEFAULT_SHARES_NOT_ONE
community   counters P3 of P2 deadline 2025-01-01   -> refused DEADLINE_PASSED
stranger    counters P3 of P2 tail 3             -> refused SIGNER_NOT_PARTY
community   accepts-motion P2
now         agreement is IN_FORCE
enterprise  counters P4 of P2 tail 3             -> refused NOT_NEGOTIATING
foundation  accepts-motion P2                    -> refused NOT_NEGOTIATING
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> due community 25.00 EUR enterprise 15.00 EUR foundation 10.00 EUR

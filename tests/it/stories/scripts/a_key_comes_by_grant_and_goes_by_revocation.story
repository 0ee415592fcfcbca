party community
party enterprise keys 2 threshold 2

community   proposes
enterprise.1  accepts
enterprise.2  accepts
enterprise.3  contributes C1 1 hour              -> refused SIGNER_NOT_PARTY
enterprise.1  grants K1 enterprise.3 CLAIM,ATTEST forged             -> refused KEY_PROOF_INVALID
enterprise.1  grants K1 community CLAIM          -> refused KEY_PROOF_INVALID      # it granted itself to its own party
enterprise.1  grants K1 community CLAIM to enterprise                -> refused KEY_USED
enterprise.1  grants K1 enterprise.3 CLAIM,ATTEST expires 2025-01-01 -> refused EXPIRY_IN_PAST
enterprise.1  grants K1 enterprise.3 CLAIM,ATTEST expires 2026-02-01 daily 2
enterprise.3  contributes C1 1 hour              -> refused SIGNER_NOT_PARTY
community     accepts-motion K1                  -> refused NOT_ASKED
community     grants K9 enterprise.3 CLAIM,ATTEST expires 2026-02-01 daily 2 -> refused KEY_PROOF_INVALID
enterprise.2  accepts-motion K1
enterprise.3  contributes C1 1 hour
enterprise.3  reports B1 sales 1.00 EUR          -> refused SCOPE_MISSING
enterprise.3  contributes C2 1 hour
enterprise.3  contributes C3 1 hour              -> refused KEY_DAILY_LIMIT
clock         2026-01-02T12:00:00Z
enterprise.3  contributes C3 1 hour
clock         2026-02-02T12:00:00Z
enterprise.3  contributes C4 1 hour              -> refused KEY_EXPIRED
enterprise.1  revokes V1 community               -> refused KEY_NOT_YOURS
enterprise.1  revokes V1 enterprise.2            -> refused KEYS_TOO_FEW
enterprise.1  grants K2 enterprise.4 GOVERN
enterprise.2  accepts-motion K2
enterprise.1  revokes V1 enterprise.2
enterprise.4  accepts-motion V1
enterprise.2  contributes C5 1 hour              -> refused KEY_REVOKED
enterprise.1  revokes V2 enterprise.2            -> refused KEY_REVOKED
community     attests C1 C2 C3                   # what a key signed before stands
community     takes-back V1                      -> refused NOTHING_TO_TAKE_BACK
enterprise.1  grants K3 enterprise.5 CLAIM
community     takes-back K3                      -> refused NOT_YOURS
enterprise.4  takes-back K3
---
community   proposes
enterprise  accepts
community   suspends M1
community   suspends M2
community   suspends M3
community   suspends M4
community   suspends M5
community   suspends M6
community   suspends M7
community   suspends M8
community   suspends M9
community   suspends M10
community   suspends M11
community   suspends M12
community   suspends M13
community   suspends M14
community   suspends M15
community   suspends M16
community   suspends M17                         -> refused TOO_MANY_MOTIONS
enterprise  suspends M18                         # what one leaves lying about keeps no other from moving
community   takes-back M1
community   suspends M19

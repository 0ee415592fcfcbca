mediator judge

community   proposes
enterprise  accepts
now         agreement is NEGOTIATING
community   consents proposal                    -> refused NOT_MEDIATOR
judge       consents another                     -> refused OTHER_PROPOSAL
judge       consents proposal conflicts once-worked-for-enterprise
now         agreement is IN_FORCE
judge       consents proposal                    -> refused UNKNOWN_MOTION
community   replaces-mediator M1 enterprise      -> refused MEDIATOR_IS_PARTY
community   replaces-mediator M1 arbiter
judge       consents M1                          -> refused NOT_MEDIATOR
arbiter       consents M1
arbiter       consents M1                          -> refused ALREADY_CONSENTED
enterprise  accepts-motion M1
enterprise  accepts-motion M1                    -> refused UNKNOWN_MOTION
judge       contributes C1 1 hour for community  -> refused SIGNER_NOT_PARTY
---
mediator judge

community   proposes
judge       consents proposal
judge       consents proposal                    -> refused ALREADY_CONSENTED
enterprise  counters P2 tail 3
community   accepts-motion P2
now         agreement is NEGOTIATING             # other terms, another consent
judge       consents P2
now         agreement is IN_FORCE
---
community   proposes
judge       consents proposal                    -> refused NO_MEDIATOR
enterprise  accepts
community   disputes D1 C1 reject                -> refused UNKNOWN_SUBJECT
community   contributes C1 1 hour
enterprise  attests C1
enterprise  disputes D1 C1 reject
judge       rules D1 C1 reject                   -> refused NO_MEDIATOR

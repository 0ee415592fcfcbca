# A party whose governance needs two of its three keys has accepted once two of them have signed.
party       community
party       enterprise keys 3 threshold 2
community   proposes
community   accepts                                     -> refused ALREADY_ACCEPTED   # a proposal is an acceptance
enterprise.1 accepts another                            -> refused OTHER_PROPOSAL
enterprise.1 accepts
now         agreement is NEGOTIATING
enterprise.1 accepts                                    -> refused ALREADY_ACCEPTED
enterprise.1 declines                                   -> refused ALREADY_ACCEPTED
stranger    accepts                                     -> refused SIGNER_NOT_PARTY
enterprise.3 accepts
now         agreement is IN_FORCE
enterprise.2 accepts                                    -> refused NOT_NEGOTIATING
enterprise.2 declines                                   -> refused NOT_NEGOTIATING
community   withdraws-proposal                          -> refused NOT_NEGOTIATING

lapses-on-decline
community   proposes
enterprise  declines another                            -> refused OTHER_PROPOSAL
enterprise  declines
now         agreement is LAPSED
enterprise  accepts                                     -> refused NOT_NEGOTIATING
community   withdraws-proposal                          -> refused NOT_NEGOTIATING
community   contributes C1 1 hour                       -> refused NOT_IN_FORCE
enterprise  settles                                     -> refused NOT_IN_FORCE

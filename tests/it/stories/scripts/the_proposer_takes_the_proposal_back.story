party       community keys 2
party       enterprise
community.1 proposes
enterprise  withdraws-proposal                          -> refused NOT_PROPOSER
community.2 withdraws-proposal another                  -> refused OTHER_PROPOSAL
community.2 withdraws-proposal                          # another GOVERN key of the same party
now         agreement is LAPSED
enterprise  accepts                                     -> refused NOT_NEGOTIATING

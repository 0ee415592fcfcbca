community   proposes
enterprise  accepts
community   contributes C1 5 hour
community   contributes C2 5 hour
community   contributes C3 5 hour
enterprise  rejects C1
now         C1 is REJECTED
enterprise  attests C1                                  -> refused ALREADY_ATTESTED
community   withdraws C1                                -> refused CONTRIBUTION_GONE
enterprise  asks-for-changes C2
now         C2 is CHANGES_REQUESTED
enterprise  withdraws C2                                -> refused NOT_CLAIMANT
community   withdraws C2
now         C2 is WITHDRAWN
community   withdraws C2                                -> refused CONTRIBUTION_GONE
enterprise  attests C3
now         shares 17/20 3/20
community   withdraws C3                                # no settlement has counted it
now         shares 7/10 3/10
now         C3 is WITHDRAWN
community   withdraws C9                                -> refused UNKNOWN_CONTRIBUTION
community   contributes C4 5 hour
community   withdraws C4
enterprise  attests C4                                  -> refused NOT_CLAIMED

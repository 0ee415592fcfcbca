# V22 of the formula: two thirds and two thirds are too much; two thirds and one third are not.
dimension   T mass none defaults 7/10,3/10
unit        merge T 1
community   proposes
enterprise  accepts
community   contributes C1 2/3 merge artifact commit-1=2/3
enterprise  contributes E1 2/3 merge artifact commit-1=2/3          -> refused OVERCLAIM
enterprise  contributes E1 1/3 merge artifact commit-1=1/3
community   contributes C2 1 merge artifact commit-2 artifact commit-1=1/9  -> refused OVERCLAIM
community   contributes C2 1 merge artifact commit-2                # nothing of the refused one was claimed
enterprise  rejects C2
community   contributes C3 1 merge artifact commit-2                # a rejected claim frees its artifacts
enterprise  asks-for-changes C3
community   contributes C4 1 merge artifact commit-2                -> refused OVERCLAIM
community   withdraws C3
community   contributes C4 1 merge artifact commit-2                # so does a withdrawn one
enterprise  attests C1 C4
community   attests E1
now         shares 5/6 1/6

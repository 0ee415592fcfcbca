community   proposes
enterprise  accepts seen 1
community   contributes C1 1 hour seen 2
community   contributes C2 1 hour seen another-2        -> refused SEEN_CHECKPOINT_WRONG
community   contributes C2 1 hour seen 4                -> refused SEEN_CHECKPOINT_WRONG   # not that long yet
stranger    contributes C2 1 hour seen another-1        -> refused SEEN_CHECKPOINT_WRONG   # before the signer is looked at
community   contributes C2 1 hour seen 3
community   contributes C3 1 hour seen 1                # an old one is no wrong one
---
community   proposes seen 1                             -> refused SEEN_CHECKPOINT_WRONG
community   proposes

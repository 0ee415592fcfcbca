party       community
party       enterprise
party       foundation
dimension   T mass 10 defaults 1/2,3/10,1/5
community   proposes
enterprise  declines
now         agreement is NEGOTIATING
enterprise  declines                                    -> refused ALREADY_DECLINED
foundation  accepts
foundation  declines                                    -> refused ALREADY_ACCEPTED
now         agreement is NEGOTIATING
enterprise  accepts
now         agreement is IN_FORCE

# V19: each rounds for itself; shares 4 : 2 : 1.
party       community
party       enterprise
party       foundation
currency    USD 2
currency    JPY 0
currency    KWD 3
currency    BTC 8
dimension   T mass none defaults 4/7,2/7,1/7
community   proposes
enterprise  accepts
foundation  accepts
enterprise  reports U sales 1000.01 USD
enterprise  reports J sales 1001 JPY
enterprise  reports K sales 1000.003 KWD
enterprise  reports B sales 0.00000007 BTC
foundation  confirms U J K B
foundation  settles -> due community 571.43 USD enterprise 285.72 USD foundation 142.86 USD community 572 JPY enterprise 286 JPY foundation 143 JPY community 571.430 KWD enterprise 285.715 KWD foundation 142.858 KWD community 0.00000004 BTC enterprise 0.00000002 BTC foundation 0.00000001 BTC

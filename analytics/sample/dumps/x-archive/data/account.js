window.YTD.account.part0 = [
  {
    "account" : {
      "email" : "talk@varnhaven.example",
      "createdVia" : "web",
      "username" : "varnhaven_talk",
      "accountId" : "1790000000000000731",
      "createdAt" : "2024-05-13T08:00:00.000Z",
      "accountDisplayName" : "Varnhaven Talk"
    }
  }
]

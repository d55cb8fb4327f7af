window.__THAR_CONFIG = {
  "userInfo" : {
    "accountId" : "1790000000000000731",
    "userName" : "varnhaven_talk",
    "displayName" : "Varnhaven Talk"
  },
  "archiveInfo" : {
    "sizeBytes" : "0",
    "generationDate" : "2026-03-16T06:00:00.000Z",
    "isPartialArchive" : false,
    "maxPartSizeBytes" : "53687091200"
  },
  "dataTypes" : {
    "account" : {
      "files" : [
        {
          "fileName" : "data/account.js",
          "globalName" : "YTD.account.part0",
          "count" : "1"
        }
      ]
    },
    "tweets" : {
      "mediaDirectory" : "data/tweets_media",
      "files" : [
        {
          "fileName" : "data/tweets.js",
          "globalName" : "YTD.tweets.part0",
          "count" : "88"
        }
      ]
    }
  }
}

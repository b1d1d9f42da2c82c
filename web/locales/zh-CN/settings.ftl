# 设置。

settings-mail = 邮件
settings-security = 安全
settings-tokens = API 令牌
settings-general = 常规

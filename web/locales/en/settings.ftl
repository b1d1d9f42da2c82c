# Settings.

settings-mail = Mail
settings-security = Security
settings-tokens = API tokens
settings-general = General

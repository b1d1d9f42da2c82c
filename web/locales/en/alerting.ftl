# What the pages about alerting share.

alerting-policies = Policies
alerting-on-call = On call
alerting-silences = Silences
alerting-maintenance = Maintenance

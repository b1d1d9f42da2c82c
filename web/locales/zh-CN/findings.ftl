# 邮件送达检查的结果。英文原文由程序中的 domain::deliverability 提供，因此没有对应的英文文件。
# finding-<代码> 是看到的情况，finding-<代码>-do 是应采取的措施。

finding-spf-found = { $domain } 的 SPF 记录为 { $record }。
finding-spf-missing = { $domain } 没有 SPF 记录，收件方无法区分您的邮件和伪造的邮件。
finding-spf-missing-do = 请发布此 TXT 记录，并加入其他所有以该域名发信的服务。
finding-spf-lookalike = { $domain } 有 TXT 记录 { $record }，看似 SPF，但不会被当作 SPF 读取。
finding-spf-lookalike-do = 请更正：记录必须以 v=spf1 加一个空格开头，且不带引号。
finding-spf-several = { $domain } 有 { $count } 条 SPF 记录。收件方会全部忽略，并报告永久错误。
finding-spf-several-do = 请用下面这一条记录取代它们，其许可范围与原有各条合起来相同。
finding-spf-syntax = { $target } 的 SPF 记录包含 { $term }，不符合 SPF 语法。收件方会将整条记录判为永久错误。
finding-spf-syntax-do = 请更正或删除这一部分。各部分之间用一个空格分隔。
finding-spf-failed = 无法查询 { $domain } 的 TXT 记录：{ $why }
finding-spf-failed-do = 请过一分钟再查询。如果一直如此，说明该域名的域名服务器工作不正常。
finding-spf-nobody = { $domain } 的 SPF 记录表示任何人都不得以它发信。
finding-spf-nobody-do = 请在记录中写明您的邮件服务器。
finding-spf-end-fail = 记录以 -all 结尾：来自其他服务器的邮件一律不通过。
finding-spf-end-soft-fail = 记录以 ~all 结尾：来自其他服务器的邮件视为可疑。
finding-spf-end-neutral = 记录以 ?all 结尾，对其他服务器没有任何表示。
finding-spf-end-neutral-do = 请改为以 ~all 结尾。
finding-spf-end-pass = 记录以 +all 结尾：允许任何人以 { $domain } 的名义发信。
finding-spf-end-pass-do = 请改为以 ~all 结尾。
finding-spf-end-missing = 记录没有结尾，对其他服务器没有任何表示。
finding-spf-end-missing-do = 请加上结尾 ~all。
finding-spf-ignored = 收件方会忽略 { $terms }：“all”之后的内容以及与它并存的 redirect 都不起作用。
finding-spf-ignored-do = 请将需要的部分移到“all”之前，并删除其余部分。
finding-spf-ptr = 记录使用了“ptr”，它速度慢，而且有些收件方会忽略。
finding-spf-ptr-do = 请改用“a”“mx”“ip4”或“ip6”写明服务器。
finding-spf-lookups = 评估该记录需要 { $count } 次查询，上限为 { $most } 次。
finding-spf-lookups-at-least = 评估该记录至少需要 { $count } 次查询，其中有些部分无法继续追踪。上限为 { $most } 次。
finding-spf-lookups-at-limit = 评估该记录需要 { $count } 次查询，刚好达到上限。只要其中引用的某个服务再增加一次，您的所有邮件都将无法通过 SPF。
finding-spf-lookups-at-limit-do = 请删除不再需要的 include。
finding-spf-too-many-lookups = 评估该记录需要 { $count } 次查询，超过上限 { $most } 次。收件方会报告永久错误。
finding-spf-too-many-lookups-do = 请删除不再需要的 include，或为各项服务分别使用子域名。
finding-spf-void = 记录中的这些名称查不到任何内容：{ $names }。
finding-spf-void-do = 请从记录中删除，或加以更正。
finding-spf-too-many-void = 记录中有 { $void } 个名称查不到任何内容（{ $names }）。超过两个时，收件方会报告永久错误。
finding-spf-too-many-void-do = 请从记录中删除，或加以更正。
finding-spf-loop = 记录引用了自身：{ $path }。收件方会报告永久错误。
finding-spf-loop-do = 请删除指回自身的 include。
finding-spf-include-missing = 记录包含 { $term }，但 { $target } 没有 SPF 记录。收件方会报告永久错误。
finding-spf-include-missing-do = 请删除这一部分，或更正名称。
finding-spf-include-several = 记录引用的 { $target } 有多条 SPF 记录。收件方会报告永久错误。
finding-spf-include-several-do = 请通知 { $target } 的所有者，或删除该 include。
finding-spf-include-failed = 无法查询所引用的 { $target } 的记录：{ $why }
finding-spf-include-failed-do = 请过一分钟再查询。
finding-spf-macro = { $term } 指向的内容因每封邮件而异，从这里无法追踪。
finding-spf-provider-included = 记录允许 { $provider } 发信。
finding-spf-provider-own = { $domain } 属于 { $provider }，记录由其负责维护。
finding-spf-provider-missing = 您的邮件通过 { $provider } 发送，但 { $domain } 的记录中没有 include:{ $include }。
finding-spf-provider-missing-do = 请用下面这条记录取代原有记录。
finding-spf-provider-optional = { $domain } 的记录中没有 include:{ $include }。{ $provider } 通常在信封中使用自己的退信域名，此时不会查询该记录。
finding-spf-provider-optional-do = 请确认已在 { $provider } 处启用 DKIM。如果它在信封中使用 { $domain }，请用下面这条记录取代原有记录。
finding-spf-relay-unknown = 从这里看不到您的邮件服务器从哪个地址向外投递，因此无法得知 SPF 能否通过。
finding-spf-relay-unknown-do = 请向其他服务商的邮箱发送一封测试邮件，并粘贴收到的邮件头。

finding-dkim-found = 选择器 { $selector } 有一个 { $bits } 位的 RSA 密钥。
finding-dkim-ed25519 = 选择器 { $selector } 的密钥是 Ed25519 类型，许多收件方还无法验证。
finding-dkim-ed25519-do = 请让邮件服务器同时使用另一个选择器下的 RSA 密钥签名。
finding-dkim-short = 选择器 { $selector } 的 RSA 密钥只有 { $bits } 位，如今通常使用 2048 位。
finding-dkim-short-do = 请在邮件服务商处生成新的 2048 位密钥。
finding-dkim-too-short = 选择器 { $selector } 的 RSA 密钥只有 { $bits } 位。收件方不接受少于 1024 位的密钥。
finding-dkim-too-short-do = 请在邮件服务商处生成新的 2048 位密钥。
finding-dkim-no-selector = DNS 不会列出 DKIM 密钥：只能按选择器逐个查询，而目前不知道选择器。
finding-dkim-no-selector-do = 请在本页填写选择器。它是已送达邮件的 DKIM-Signature 邮件头中的 s= 部分，也可以在邮件服务商的页面上找到。
finding-dkim-usual-missing = 在 { $provider } 常用的选择器（{ $selectors }）下，{ $domain } 没有密钥。
finding-dkim-usual-missing-do = 请在 { $provider } 处启用 DKIM，或填写它提供给您的选择器。
finding-dkim-missing = { $name } 处没有密钥。
finding-dkim-missing-do = 请检查选择器，或发布邮件服务商显示的记录。
finding-dkim-not-a-key = { $name } 处的记录不是 DKIM 密钥：{ $record }
finding-dkim-not-a-key-do = 请完整地按邮件服务商显示的内容发布记录。
finding-dkim-key-invalid = { $name } 处的密钥已损坏。
finding-dkim-key-invalid-do = 请按邮件服务商显示的内容发布记录。较长的密钥常会被截断，或被空格和引号破坏。
finding-dkim-kind-unknown = { $name } 处的密钥类型为 { $kind }，收件方无法识别。
finding-dkim-kind-unknown-do = 请使用 2048 位的 RSA 密钥。
finding-dkim-revoked = 选择器 { $selector } 的密钥已被吊销（p= 为空），用它签名的邮件无法通过验证。
finding-dkim-revoked-do = 请让邮件服务器改用其他选择器签名，或发布新的密钥。
finding-dkim-testing = 选择器 { $selector } 的密钥标记为测试（t=y），收件方可能将邮件视为未签名。
finding-dkim-testing-do = 签名正常后，请从记录中删除 t=y。
finding-dkim-not-for-mail = 选择器 { $selector } 的密钥仅用于 { $services }，不能用于邮件。
finding-dkim-not-for-mail-do = 请从记录中删除 s=。
finding-dkim-hash = 选择器 { $selector } 的密钥只允许 { $hashes }，而收件方只接受 sha256。
finding-dkim-hash-do = 请从记录中删除 h=。
finding-dkim-several = 选择器 { $selector } 下有 { $count } 个密钥，收件方使用哪一个无法预料。
finding-dkim-several-do = 请只保留一个，其余的改用各自的选择器。
finding-dkim-failed = 无法查询 { $name }：{ $why }
finding-dkim-failed-do = 请过一分钟再查询。

finding-dmarc-found = { $name } 的 DMARC 记录为 { $record }。
finding-dmarc-inherited = { $domain } 没有自己的 DMARC 记录，适用 { $name } 的记录：{ $record }
finding-dmarc-missing = { $domain } 没有 DMARC 记录。Gmail、Yahoo 和微软要求大量发信者必须设置。
finding-dmarc-missing-do = 请发布此 TXT 记录。它不影响投递，并会让您每天收到报告。
finding-dmarc-lookalike = 有一条看似 DMARC 但不会被当作 DMARC 读取的记录：{ $record }
finding-dmarc-lookalike-do = 请改为发布此 TXT 记录。记录必须以 v=DMARC1 开头。
finding-dmarc-several = { $name } 有多条 DMARC 记录，收件方会全部忽略。
finding-dmarc-several-do = 请只保留一条。
finding-dmarc-policy-invalid = { $name } 处的记录没有有效的策略（p=none、p=quarantine 或 p=reject）。
finding-dmarc-policy-invalid-do = 请用下面这条记录取代原有记录。
finding-dmarc-policy-none = 策略为 none：以 { $domain } 名义伪造的邮件会照常投递。
finding-dmarc-policy-none-do = 当报告显示您的所有邮件都能通过后，请改为 p=quarantine。
finding-dmarc-policy = 策略为 { $policy }：SPF 和 DKIM 都未通过的邮件不会进入收件箱，您自己的邮件也不例外。
finding-dmarc-percent = 策略仅适用于 { $percent }% 的邮件（pct），较新的收件方会忽略此设置。
finding-dmarc-percent-do = 请从记录中删除 pct。
finding-dmarc-reports = 报告发送至 { $reports }。
finding-dmarc-reports-elsewhere = 报告发送至 { $reports }。{ $other } 须在 { $permission } 处发布记录表示同意。
finding-dmarc-no-reports = 记录没有要求报告（rua），邮件未通过时没有人会通知您。
finding-dmarc-no-reports-do = 请用下面这条记录取代原有记录，并填写有人查看的地址。
finding-dmarc-reports-invalid = 报告无法发送至 { $address }。
finding-dmarc-reports-invalid-do = 地址请写成 mailto:name@example.org 的形式。
finding-dmarc-failed = 无法查询 { $name }：{ $why }
finding-dmarc-failed-do = 请过一分钟再查询。

finding-align-same = 发件地址与信封使用同一域名，因此 SPF 通过即可满足 DMARC。
finding-align-relaxed = 信封使用 { $envelope }，发件地址使用 { $domain }，两者同属 { $organisation }，因此 SPF 通过即可满足 DMARC。
finding-align-strict = 信封使用 { $envelope }，发件地址使用 { $domain }，但 DMARC 记录要求域名完全相同（aspf=s），因此 SPF 不起作用。
finding-align-strict-do = 请让两者使用同一域名，或删除 aspf=s。
finding-align-elsewhere = 信封使用的 { $envelope } 与 { $domain } 不属于同一组织，因此 SPF 对 DMARC 不起作用，只有 DKIM 有效。
finding-align-elsewhere-do = 请使用 { $domain } 下的信封发件人，或确认邮件带有 d={ $domain } 的签名。
finding-align-provider-envelope = { $provider } 通常会将信封换成自己的退信域名。此时 SPF 对 DMARC 不起作用，只有 DKIM 有效。
finding-align-provider-envelope-do = 请在 { $provider } 处为 { $domain } 设置 DKIM，或设置 { $domain } 下的退信域名。
finding-align-strict-dkim = DMARC 记录要求签名的域名与发件地址的域名完全相同（adkim=s）。
finding-align-strict-dkim-do = 请确认邮件正是用该域名签名，而不是用其上级或下级域名。
finding-align-foreign-mailbox = { $domain } 的地址属于 { $owner }，而您的邮件服务器不是它的。收件方会将这样的邮件视为伪造。
finding-align-foreign-mailbox-do = 请通过 { $owner } 的服务器发送，或使用您自己域名下的发件地址。

finding-mx-found = 发往 { $domain } 的回复和退信由 { $hosts } 接收。
finding-mx-null = { $domain } 声明不接收邮件（null MX）。有些收件方会拒收来自这种域名的邮件，退信也会丢失。
finding-mx-null-do = 请使用能接收邮件的域名作为发件地址，或发布 MX 记录。
finding-mx-null-besides = { $domain } 除了真正的服务器之外，还有 null MX（“.”）。
finding-mx-null-besides-do = 请删除名称为“.”的 MX 记录。
finding-mx-implicit = { $domain } 没有 MX 记录，邮件会尝试投递到该域名自身的地址。
finding-mx-implicit-do = 请发布 MX 记录，以便收到回复和退信。
finding-mx-missing = { $domain } 无法接收邮件：既没有 MX 记录，也没有地址。许多收件方会拒收来自这种域名的邮件。
finding-mx-missing-do = 请发布 MX 记录，或使用其他发件地址。
finding-mx-is-address = { $domain } 的一条 MX 记录填写了地址 { $host }，而此处应为主机名。
finding-mx-is-address-do = 请为该服务器设置带 A 记录的名称，并使用这个名称。
finding-mx-host-missing = 为 { $domain } 接收邮件的 { $host } 没有地址。
finding-mx-host-missing-do = 请更正 MX 记录，或发布该主机的地址。
finding-mx-host-failed = 无法查询为 { $domain } 接收邮件的 { $host } 的地址：{ $why }
finding-mx-host-failed-do = 请过一分钟再查询。
finding-mx-failed = 无法查询 { $domain } 的 MX 记录：{ $why }
finding-mx-failed-do = 请过一分钟再查询。
finding-domain-missing = 域名 { $domain } 不存在，收件方会拒收来自它的邮件。
finding-domain-missing-do = 请检查发件地址的拼写。

finding-result-spf-pass = { $server }：{ $identity } 通过了 SPF。
finding-result-spf-fail = { $server }：{ $identity } 未通过 SPF，投递此邮件的服务器未获许可。{ $note }
finding-result-spf-fail-do = 请在信封域名的 SPF 记录中允许投递此邮件的服务器。
finding-result-spf-soft-fail = { $server }：{ $identity } 的 SPF 为软失败，投递此邮件的服务器未获许可。{ $note }
finding-result-spf-soft-fail-do = 请在信封域名的 SPF 记录中允许投递此邮件的服务器。
finding-result-spf-none = { $server }：SPF 对 { $identity } 没有结论（{ $result }）。{ $note }
finding-result-spf-none-do = 请发布 SPF 记录，写明投递邮件的服务器，并以 ~all 结尾。
finding-result-spf-error = { $server }：{ $identity } 的 SPF 记录无效（永久错误）。{ $note }
finding-result-spf-error-do = 请查看该域名的 SPF 检查结果，并更正记录。
finding-result-dkim-pass = { $server }：{ $identity } 的 DKIM 签名有效。
finding-result-dkim-fail = { $server }：{ $identity } 的 DKIM 签名无效（{ $result }）。{ $note }
finding-result-dkim-fail-do = 请检查 DNS 中的密钥是否就是邮件服务器签名所用的密钥，并确认邮件在途中没有被改动。
finding-result-dkim-none = { $server }：邮件没有有效的 DKIM 签名（{ $result }）。{ $note }
finding-result-dkim-none-do = 请在邮件服务商处启用 DKIM。
finding-result-dmarc-pass = { $server }：{ $identity } 通过了 DMARC。
finding-result-dmarc-fail = { $server }：{ $identity } 未通过 DMARC，SPF 和 DKIM 都没有以该域名通过。{ $note }
finding-result-dmarc-fail-do = 请让 SPF 以信封中的该域名通过，或用 d= 为该域名的签名。
finding-result-dmarc-none = { $server }：{ $identity } 没有可用的 DMARC 记录（{ $result }）。{ $note }
finding-result-dmarc-none-do = 请发布 DMARC 记录。
finding-result-dmarc-error = { $server }：{ $identity } 的 DMARC 记录无效（永久错误）。{ $note }
finding-result-dmarc-error-do = 请查看该域名的 DMARC 检查结果，并更正记录。
finding-result-temporary = { $server }：当时无法对 { $identity } 进行 { $method } 检查（临时错误）。{ $note }
finding-result-temporary-do = 请再发送一封测试邮件。
finding-result-unusual = { $server }：{ $identity } 的 { $method } 结果为“{ $result }”。{ $note }
finding-result-not-checked = { $server } 没有提到 { $method }。
finding-result-aligned = { $method } 以 { $identity } 通过，该域名与发件地址的域名 { $from } 同属一方，因此满足 DMARC。
finding-result-unaligned = SPF 或 DKIM 虽已通过，但所用域名与发件地址的域名 { $from } 无关，不能证明收件人看到的发件人属实。
finding-result-unaligned-do = 请使用 { $from } 下的信封发件人，或用 d={ $from } 签名。

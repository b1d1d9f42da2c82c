# 通过邮件中的链接退订某个渠道。

unsubscribe-title = 退订
unsubscribe-question = { $address } 正在接收 Watchbell 渠道“{ $channel }”的故障通知。要停止接收吗？
unsubscribe-hint = 仅影响此渠道和此邮箱。Watchbell 的管理员会看到您已退订，并可重新为您开启。
unsubscribe-do = 停止接收
unsubscribe-done = { $address } 将不再收到 Watchbell 渠道“{ $channel }”的任何邮件。
unsubscribe-done-hint = 您将无法通过此方式获知故障。如属误操作，可以重新接收。
unsubscribe-again = 重新接收
unsubscribe-gone = { $address } 将不再收到任何邮件：该渠道已不存在。

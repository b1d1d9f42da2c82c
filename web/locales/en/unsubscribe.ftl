# Unsubscribing from a channel, by the link in a mail.

unsubscribe-title = Unsubscribe
unsubscribe-question = { $address } gets messages about outages from the Watchbell channel “{ $channel }”. Stop them?
unsubscribe-hint = Only this channel and this address. Whoever runs Watchbell sees that you have unsubscribed and can have it sent to you again.
unsubscribe-do = Stop these messages
unsubscribe-done = { $address } gets nothing from the Watchbell channel “{ $channel }” any more.
unsubscribe-done-hint = You will not hear of outages on this way. If that was a mistake, have them sent again.
unsubscribe-again = Send them again
unsubscribe-gone = { $address } gets nothing any more: the channel does not exist any longer.

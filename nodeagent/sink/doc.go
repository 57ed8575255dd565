// Package sink is the end of the event road: a Writer is one destination, a Queue the bounded way to it.
//
// What comes in are events, offered one by one by a caller that is never made to wait; what goes out are batches, handed to a Writer until
// it has taken them. Offer is the only place of the road that drops. What is dropped there or given up at the destination is counted, in
// the words of event.Loss. The package never changes an event, and never logs one.
package sink

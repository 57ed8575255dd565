// Package e2e holds no code, only tests of the whole product in the local cluster: controller, agents, chart and this machine's kernel.
//
// Objects go in by the API, as users write them, and what is asserted is what users see: conditions, reports, events, and the kernel's own
// rule listing. The tests start the cluster themselves, hold the lock for tests of the kernel, and leave the machine's audit state as it was.
// They never lock the audit system and end no process but the agents'.
package e2e

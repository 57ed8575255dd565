package v1alpha1

// Condition types of AuditPolicy and AuditSink. Ready, Reconciling and Stalled are those of kstatus, so that `kubectl wait`, Argo CD and
// Flux gate on them unchanged. Reconciling and Stalled are present only while they are true.
const (
	// ConditionReady is true when every selected node has proved that it has what the policy asks for.
	ConditionReady = "Ready"
	// ConditionReconciling is true while nodes are on their way.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is true when nothing moves until somebody changes something.
	ConditionStalled = "Stalled"
	// ConditionCompiled is true when the rules and routes compile.
	ConditionCompiled = "Compiled"
	// ConditionApplied is true when every selected node's kernel has the rules and settings.
	ConditionApplied = "Applied"
	// ConditionBootVerified is true when every selected node runs with audit=1 and is known to do so after its next boot, and the policy asks
	// for it.
	ConditionBootVerified = "BootVerified"
	// ConditionImmutable is true when every selected node is locked, with the policy's rules, and the policy asks for it.
	ConditionImmutable = "Immutable"
	// ConditionRouted is true when every sink of the policy's routes exists and every node can write to it.
	ConditionRouted = "Routed"
)

// Condition types of NodeAuditStatus, present only while they are true.
const (
	// ConditionUnexpectedReboot says that the node was locked, and was rebooted although no reboot was outstanding: that is how a lock is taken off.
	ConditionUnexpectedReboot = "UnexpectedReboot"
	// ConditionContested says that somebody keeps undoing what the agent repairs.
	ConditionContested = "Contested"
)

// AnnotationAcknowledged on a NodeAuditStatus, with the bootID of its lastReboot as its value, ends the condition UnexpectedReboot.
const AnnotationAcknowledged = "nodeaudit.dev/acknowledged-boot"

// Reasons of conditions and of NodeAuditStatus. Scripts may depend on them.
const (
	// ReasonInSync says that the kernel has what was asked for.
	ReasonInSync = "InSync"
	// ReasonCompiled says that rules and routes compile.
	ReasonCompiled = "Compiled"
	// ReasonInvalidRules says that a rule does not compile.
	ReasonInvalidRules = "InvalidRules"
	// ReasonInvalidRoutes says that a route does not compile.
	ReasonInvalidRoutes = "InvalidRoutes"
	// ReasonInvalidSelector says that nodeSelector is not a valid selector.
	ReasonInvalidSelector = "InvalidSelector"
	// ReasonConflict says that two policies of equal weight ask for different settings or that their sum does not fit.
	ReasonConflict = "Conflict"
	// ReasonSinkNotFound says that a route names a sink that does not exist.
	ReasonSinkNotFound = "SinkNotFound"
	// ReasonSinkFailing says that a node cannot write to a sink.
	ReasonSinkFailing = "SinkFailing"
	// ReasonRouted says that every sink is there and takes events.
	ReasonRouted = "Routed"
	// ReasonAccepted says that what a tenant asks for is in use.
	ReasonAccepted = "Accepted"
	// ReasonNotAllowed says that the platform does not let a tenant send there.
	ReasonNotAllowed = "NotAllowed"
	// ReasonLimitExceeded says that a namespace asks for more than the platform lets a tenant have.
	ReasonLimitExceeded = "LimitExceeded"
	// ReasonNoNodes says that the policy selects no node.
	ReasonNoNodes = "NoNodesSelected"
	// ReasonProgressing says that nodes are on their way.
	ReasonProgressing = "Progressing"
	// ReasonPaused says that the rollout is paused.
	ReasonPaused = "Paused"
	// ReasonNodesDiffer says that nodes report a difference.
	ReasonNodesDiffer = "NodesDiffer"
	// ReasonNotReporting says that an agent does not report.
	ReasonNotReporting = "NotReporting"
	// ReasonNotRequested says that the policy does not ask for it.
	ReasonNotRequested = "NotRequested"

	// ReasonRuleMissing says that a wanted rule is not in the kernel.
	ReasonRuleMissing = "RuleMissing"
	// ReasonRuleRefused says that the kernel refused a rule.
	ReasonRuleRefused = "RuleRefused"
	// ReasonRuleWaiting says that a rule waits for its path to appear.
	ReasonRuleWaiting = "RuleWaiting"
	// ReasonRuleUnresolved says that a rule names a user or group that the node does not have.
	ReasonRuleUnresolved = "RuleUnresolved"
	// ReasonRuleOrder says that a rule stands on the wrong side of a never rule.
	ReasonRuleOrder = "RuleOrder"
	// ReasonUnmanagedRules says that rules of others are in the kernel although they should be removed.
	ReasonUnmanagedRules = "UnmanagedRules"
	// ReasonSettingsDiffer says that a setting of the kernel is not as asked.
	ReasonSettingsDiffer = "SettingsDiffer"
	// ReasonNotEnabled says that the kernel's audit system is off.
	ReasonNotEnabled = "NotEnabled"
	// ReasonNotLocked says that the audit system should be locked and is not.
	ReasonNotLocked = "NotLocked"
	// ReasonLocked says that the audit system is locked.
	ReasonLocked = "Locked"
	// ReasonRebootPending says that a locked node needs a reboot to take in its configuration.
	ReasonRebootPending = "RebootPending"
	// ReasonContested says that somebody keeps undoing what the agent repairs.
	ReasonContested = "Contested"
	// ReasonUnexpectedReboot says that a locked node was rebooted and nobody had asked for it.
	ReasonUnexpectedReboot = "UnexpectedReboot"
	// ReasonBootParameters says that the running kernel lacks parameters which the next boot has.
	ReasonBootParameters = "BootParameters"
	// ReasonSentinel says that /run/reboot-required asked for a reboot.
	ReasonSentinel = "Sentinel"
	// ReasonDrift is the reason of the Events about what others changed and the agent repaired.
	ReasonDrift = "Drift"
	// ReasonBootVerified says that the running and the next boot carry what was demanded.
	ReasonBootVerified = "BootVerified"
	// ReasonBootNotVerified says that a node's running or next boot does not carry what was demanded, or that it is not known.
	ReasonBootNotVerified = "BootNotVerified"
	// ReasonNoKernelSupport says that the kernel has no audit system (CONFIG_AUDIT, or audit=0 at boot).
	ReasonNoKernelSupport = "NoKernelSupport"
	// ReasonNoCapability says that the agent lacks CAP_AUDIT_CONTROL.
	ReasonNoCapability = "NoCapability"
	// ReasonNotInitialPIDNamespace says that the agent is not in the initial pid namespace.
	ReasonNotInitialPIDNamespace = "NotInitialPIDNamespace"
	// ReasonNotInitialUserNamespace says that the agent is not in the initial user namespace.
	ReasonNotInitialUserNamespace = "NotInitialUserNamespace"
	// ReasonInvalidConfig says that the node's ConfigMap was edited by hand or is not what its digest says.
	ReasonInvalidConfig = "InvalidConfig"
	// ReasonNoConfig says that the agent has not received a configuration yet.
	ReasonNoConfig = "NoConfig"
	// ReasonReleasing says that the agent still has to undo what it has done to the node's files.
	ReasonReleasing = "Releasing"
	// ReasonReleased says that no policy selects the node: the agent has taken out what it had put in.
	ReasonReleased = "Released"
	// ReasonObserveError says that the kernel could not be read.
	ReasonObserveError = "ObserveError"
)

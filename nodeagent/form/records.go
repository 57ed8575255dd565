package form

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// recordActivities are what records say that are no system calls.
var recordActivities = byName([]call{
	{login("logged-in", authenticating, start, 1, "logged in"), "USER_LOGIN"},
	{login("logged-out", authenticating, end, 2, "logged out"), "USER_LOGOUT"},
	{login("started-session", session, start, 1, "began a session"), "USER_START"},
	{login("ended-session", session, end, 2, "ended a session"), "USER_END"},
	{login("changed-login-id-to", authenticating, start, 1, "became the login user"), "LOGIN"},
	{login("authenticated", authenticating, info, 99, "authenticated"), "USER_AUTH"},
	{login("authenticated-to-group", authenticating, info, 99, "authenticated to a group"), "GRP_AUTH"},
	{login("was-authorized", authenticating, info, 99, "was authorized"), "USER_ACCT"},
	{login("acquired-credentials", authenticating, info, 99, "acquired credentials"), "CRED_ACQ"},
	{login("refreshed-credentials", authenticating, info, 99, "refreshed credentials"), "CRED_REFR"},
	{login("disposed-credentials", authenticating, info, 99, "disposed of credentials"), "CRED_DISP"},
	{login("error", authenticating, info, 99, "made an error"), "USER_ERR"},

	{account("added-user-account", []string{"user", "creation"}, 1, "added the user"), "ADD_USER"},
	{account("deleted-user-account", []string{"user", "deletion"}, 6, "deleted the user"), "DEL_USER"},
	{account("modified-user-account", []string{"user", "change"}, 99, "changed the user"), "USER_MGMT"},
	{&changePassword, "USER_CHAUTHTOK"},
	{account("locked-account", []string{"user", "info"}, 9, "locked the user"), "ACCT_LOCK"},
	{account("unlocked-account", []string{"user", "info"}, 12, "unlocked the user"), "ACCT_UNLOCK"},
	{account("assigned-user-role-to", []string{"user", "change"}, 7, "gave a role to"), "ROLE_ASSIGN"},
	{account("removed-user-role-from", []string{"user", "change"}, 8, "took a role from"), "ROLE_REMOVE"},
	{group("added-group-account-to", []string{"group", "creation"}, 6, "added the group"), "ADD_GROUP"},
	{group("deleted-group-account-from", []string{"group", "deletion"}, 5, "deleted the group"), "DEL_GROUP"},
	{group("modified-group-account", []string{"group", "change"}, 99, "changed the group"), "GRP_MGMT"},
	{group("changed-group-password", []string{"group", "change"}, 99, "changed the password of the group"), "GRP_CHAUTHTOK"},

	{&activity{"ran-command", process, start, processActivity, 1, "ran", noObject, informational, false}, "USER_CMD"},
	{&activity{"changed-user-id", process, change, processActivity, 5, "changed its user", noObject, informational, false}, "CHUSER_ID"},
	{&activity{"changed-group", process, change, processActivity, 99, "changed its group", noObject, informational, false}, "CHGRP_ID"},
	{&activity{"typed", process, info, baseEvent, 0, "typed", noObject, informational, false}, "TTY USER_TTY"},
	{&activity{"started-service", process, start, applicationLifecycle, 3, "started the service", serviceObject, informational, false}, "SERVICE_START"},
	{&activity{"stopped-service", process, end, applicationLifecycle, 4, "stopped the service", serviceObject, informational, false}, "SERVICE_STOP"},
	{&activity{"package-updated", []string{"package"}, info, baseEvent, 0, "changed software", noObject, notice, false}, "SOFTWARE_UPDATE"},
	{&activity{"booted-system", host, start, baseEvent, 0, "booted", noObject, notice, false}, "SYSTEM_BOOT"},
	{&activity{"shutdown-system", host, end, baseEvent, 0, "shut down", noObject, notice, false}, "SYSTEM_SHUTDOWN"},
	{&activity{"changed-to-runlevel", host, change, baseEvent, 0, "changed the run level", noObject, notice, false}, "SYSTEM_RUNLEVEL"},

	{&activity{"changed-audit-configuration", []string{"process", "configuration"}, change, eventLogActivity, 99, "changed the audit configuration", noObject, notice, false}, "CONFIG_CHANGE"},
	{&activity{"changed-audit-feature", configuration, change, eventLogActivity, 99, "changed an audit feature", noObject, notice, false}, "FEATURE_CHANGE"},
	{&activity{"changed-auditd-configuration", []string{"process", "configuration"}, change, eventLogActivity, 99, "changed auditd's configuration", noObject, notice, false}, "DAEMON_CONFIG DAEMON_RECONFIG"},
	{&activity{"started-audit", process, start, eventLogActivity, 6, "started auditd", noObject, notice, false}, "DAEMON_START DAEMON_RESUME"},
	{&activity{"shutdown-audit", process, end, eventLogActivity, 7, "stopped auditd", noObject, warning, false}, "DAEMON_END DAEMON_ABORT"},
	{&activity{"rotated-audit-logs", process, change, eventLogActivity, 5, "rotated the audit log", noObject, informational, false}, "DAEMON_ROTATE"},
	{&activity{"audit-error", process, info, eventLogActivity, 99, "had an error in auditd", noObject, failing, false}, "DAEMON_ERR"},
	{&activity{"remote-audit-connected", network, connecting, baseEvent, 0, "connected to auditd", noObject, informational, false}, "DAEMON_ACCEPT"},
	{&activity{"remote-audit-disconnected", network, []string{"connection", "end"}, baseEvent, 0, "disconnected from auditd", noObject, informational, false}, "DAEMON_CLOSE"},
	{&activity{"initialized-audit-subsystem", host, start, baseEvent, 0, "began", noObject, informational, false}, "KERNEL"},
	{&activity{"lost-audit-events", host, info, baseEvent, 0, "noticed a loss of audit events:", noObject, failing, true}, event.TypeLost},
	{&activity{"throttled-audit-events", host, info, baseEvent, 0, "left out events of the route", noObject, notice, false}, typeThrottled},
	{&activity{"repeated-audit-events", host, info, baseEvent, 0, "saw the same again, of the route", noObject, informational, false}, typeRepeated},
	{&activity{"found-api-actor", process, info, baseEvent, 0, "was started by a session at the API server", noObject, informational, false}, event.TypeActor},

	{&activity{"changed-configuration", configuration, change, baseEvent, 0, "changed the configuration", noObject, notice, false}, "USYS_CONFIG"},
	{&activity{"loaded-firewall-rule-to", configuration, change, baseEvent, 0, "changed the firewall", noObject, informational, false}, "NETFILTER_CFG"},
	{&activity{"changed-system-time", host, change, kernelActivity, 99, "changed the time of the system", noObject, notice, false}, "TIME_INJOFFSET TIME_ADJNTPVAL"},
	{&activity{"loaded-bpf-program", process, info, baseEvent, 0, "used bpf", noObject, informational, false}, "BPF"},

	{&activity{"negotiated-crypto-key", process, info, baseEvent, 0, "negotiated a key", noObject, informational, false}, "CRYPTO_KEY_USER"},
	{&activity{"started-crypto-session", process, info, baseEvent, 0, "began an encrypted session", noObject, informational, false}, "CRYPTO_SESSION CRYPTO_IKE_SA CRYPTO_IPSEC_SA"},
	{&activity{"assigned-vm-resource", host, info, baseEvent, 0, "gave a virtual machine a resource", noObject, informational, false}, "VIRT_RESOURCE"},
	{&activity{"issued-vm-control", host, info, baseEvent, 0, "controlled a virtual machine", noObject, informational, false}, "VIRT_CONTROL"},

	{&refusal, "AVC"},
	{denial("access-permission", process, "was refused by a policy"), "USER_AVC SELINUX_ERR USER_SELINUX_ERR"},
	{denial("violated-apparmor-policy", process, "was refused by AppArmor"), "APPARMOR_DENIED"},
	{denial("violated-landlock-policy", process, "was refused by Landlock"), "LANDLOCK_ACCESS"},
	{denial("violated-ipe-policy", process, "was refused by IPE"), "IPE_ACCESS"},
	{denial("violated-seccomp-policy", process, "violated its seccomp filter"), "SECCOMP"},
	{denial("violated-file-integrity", file, "failed the integrity check"), "INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_HASH"},
	{&activity{"changed-selinux-boolean", configuration, change, baseEvent, 0, "changed SELinux", noObject, notice, false}, "MAC_CONFIG_CHANGE USER_MAC_CONFIG_CHANGE"},
	{&activity{"loaded-selinux-policy", configuration, change, baseEvent, 0, "loaded a policy", noObject, notice, false}, "MAC_POLICY_LOAD USER_MAC_POLICY_LOAD IPE_POLICY_LOAD"},
	{&activity{"changed-selinux-enforcement", configuration, change, baseEvent, 0, "changed the enforcement of a policy", noObject, warning, false}, "MAC_STATUS USER_MAC_STATUS IPE_CONFIG_CHANGE"},

	{anomaly("crashed-program", "process", []string{"end", "info"}, "crashed"), "ANOM_ABEND"},
	{anomaly("attempted-execution-of-forbidden-program", "process", []string{"start", "info"}, "tried to run a forbidden program"), "ANOM_EXEC"},
	{anomaly("used-suspicious-link", "file", []string{"access", "info"}, "used a suspicious link"), "ANOM_LINK ANOM_CREAT"},
	{anomaly("changed-promiscuous-mode-on-device", "network", []string{"info"}, "changed the promiscuous mode"), "ANOM_PROMISCUOUS"},
	{anomaly("failed-log-in-too-many-times-to", "authentication", []string{"start", "info"}, "failed to log in too often"), "ANOM_LOGIN_FAILURES"},
	{anomaly("attempted-log-in-from-unusual-place-to", "authentication", []string{"start", "info"}, "logged in from an unusual place"), "ANOM_LOGIN_LOCATION"},
	{anomaly("opened-too-many-sessions-to", "authentication", []string{"start", "info"}, "opened too many sessions"), "ANOM_LOGIN_SESSIONS"},
	{anomaly("attempted-log-in-during-unusual-hour-to", "authentication", []string{"start", "info"}, "logged in at an unusual time"), "ANOM_LOGIN_TIME"},
})

// What records say whose type alone does not tell.
var (
	refusal        = *denial("violated-selinux-policy", process, "was refused by a policy")
	armorRefusal   = *denial("violated-apparmor-policy", process, "was refused by AppArmor")
	armorComplaint = activity{"violated-apparmor-policy", process, info, baseEvent, 0, "would be refused by AppArmor", noObject, notice, true}
	armorRemark    = activity{"remarked-by-apparmor", process, info, baseEvent, 0, "was remarked by AppArmor", noObject, informational, false}
	changePassword = *account("changed-password", []string{"user", "change"}, 3, "changed the password of")
	changeLogin    = *account("changed-password", []string{"user", "change"}, 99, "changed the login of")
)

func login(action string, categories, types []string, number int, verb string) *activity {
	return &activity{action, categories, types, authentication, number, verb, accountObject, informational, false}
}

func account(action string, types []string, number int, verb string) *activity {
	return &activity{action, iam, types, accountChange, number, verb, accountObject, notice, false}
}

func group(action string, types []string, number int, verb string) *activity {
	return &activity{action, iam, types, groupManagement, number, verb, groupObject, notice, false}
}

func denial(action string, categories []string, verb string) *activity {
	return &activity{action, categories, []string{"info"}, baseEvent, 0, verb, noObject, warning, true}
}

func anomaly(action, category string, types []string, verb string) *activity {
	return &activity{action, []string{category, "intrusion_detection"}, types, baseEvent, 0, verb, noObject, warning, true}
}

// byName puts activities under each of their names.
func byName(all []call) map[string]*activity {
	named := map[string]*activity{}
	for _, c := range all {
		for name := range strings.FieldsSeq(c.names) {
			named[name] = c.activity
		}
	}
	return named
}

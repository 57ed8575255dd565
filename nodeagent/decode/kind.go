package decode

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// Numbers of record types, include/uapi/linux/audit.h.
const (
	typeUserAVC         = 1107
	typeSyscall         = 1300
	typePath            = 1302
	typeIPC             = 1303
	typeSocketcall      = 1304
	typeSockaddr        = 1306
	typeCWD             = 1307
	typeExecve          = 1309
	typeIPCSetPerm      = 1311
	typeMQOpen          = 1312
	typeMQSendrecv      = 1313
	typeMQNotify        = 1314
	typeMQGetsetattr    = 1315
	typeFDPair          = 1317
	typeObjPID          = 1318
	typeEOE             = 1320
	typeBPRMFcaps       = 1321
	typeCapset          = 1322
	typeMmap            = 1323
	typeNetfilterPkt    = 1324
	typeProctitle       = 1327
	typeKernModule      = 1330
	typeUringop         = 1336
	typeOpenat2         = 1337
	typeAVC             = 1400
	typeMACTaskContexts = 1425
	typeMACObjContexts  = 1426
)

// kind returns the name of the type that says what happened.
func kind(records []event.Record) string {
	for i := range records {
		if !isCompanion(records[i].Type) {
			return records[i].TypeName
		}
	}
	for i := range records {
		if isCall(records[i].Type) {
			return records[i].TypeName
		}
	}
	if len(records) == 0 {
		return ""
	}
	return records[0].TypeName
}

func isCall(number uint16) bool { return number == typeSyscall || number == typeUringop }

// isCompanion says whether records of a type only tell more about a system call.
func isCompanion(number uint16) bool {
	switch number {
	case typeSyscall, typeUringop, typePath, typeIPC, typeSocketcall, typeSockaddr, typeCWD, typeExecve, typeIPCSetPerm, typeMQOpen,
		typeMQSendrecv, typeMQNotify, typeMQGetsetattr, typeFDPair, typeObjPID, typeBPRMFcaps, typeCapset, typeMmap, typeKernModule, typeOpenat2,
		typeProctitle, typeEOE, typeMACTaskContexts, typeMACObjContexts:
		return true
	}
	return false
}

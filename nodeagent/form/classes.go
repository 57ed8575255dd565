package form

// class is a class of OCSF, with what its activities are called.
type class struct {
	uid        int
	name       string
	category   string
	activities map[int]string
}

// other is the activity that each class has for what is none of its own. Its name is the action.
const other = 99

var (
	baseEvent    = &class{0, "Base Event", "Uncategorized", nil}
	fileActivity = &class{1001, "File System Activity", "System Activity", map[int]string{
		1: "Create", 2: "Read", 3: "Update", 4: "Delete", 5: "Rename", 6: "Set Attributes", 7: "Set Security", 8: "Get Attributes", 12: "Mount",
		13: "Unmount", 14: "Open",
	}}
	kernelExtensionActivity = &class{1002, "Kernel Extension Activity", "System Activity", map[int]string{1: "Load", 2: "Unload"}}
	kernelActivity          = &class{1003, "Kernel Activity", "System Activity", nil}
	processActivity         = &class{1007, "Process Activity", "System Activity", map[int]string{
		1: "Launch", 2: "Terminate", 3: "Open", 4: "Inject", 5: "Set User ID",
	}}
	eventLogActivity = &class{1008, "Event Log Activity", "System Activity", map[int]string{5: "Rotate", 6: "Start", 7: "Stop"}}
	accountChange    = &class{3001, "Account Change", "Identity & Access Management", map[int]string{
		1: "Create", 3: "Password Change", 6: "Delete", 7: "Attach Policy", 8: "Detach Policy", 9: "Lock", 12: "Unlock",
	}}
	authentication       = &class{3002, "Authentication", "Identity & Access Management", map[int]string{1: "Logon", 2: "Logoff"}}
	groupManagement      = &class{3006, "Group Management", "Identity & Access Management", map[int]string{5: "Delete", 6: "Create"}}
	networkActivity      = &class{4001, "Network Activity", "Network Activity", map[int]string{1: "Open", 6: "Traffic", 7: "Listen"}}
	applicationLifecycle = &class{6002, "Application Lifecycle", "Application Activity", map[int]string{3: "Start", 4: "Stop"}}
)

// members writes what says of which class an event is, and what happened in the terms of the class.
func (c *class) members(o *object, a *activity, s severity) {
	number, activity := a.number, a.action
	if c != a.class || c == baseEvent {
		number = other
	}
	if name, known := c.activities[number]; known {
		activity = name
	}
	o.integer("category_uid", int64(c.uid/1000))
	o.text("category_name", c.category)
	o.integer("class_uid", int64(c.uid))
	o.text("class_name", c.name)
	o.integer("activity_id", int64(number))
	o.text("activity_name", activity)
	o.integer("type_uid", int64(c.uid*100+number))
	o.name("type_name")
	o.b = append(o.b, '"')
	o.inside(c.name)
	o.inside(": ")
	if number == other {
		activity = "Other"
	}
	o.inside(activity)
	o.b = append(o.b, '"')
	o.integer("severity_id", int64(severities[s].ocsf))
	o.text("severity", severities[s].ocsfWord)
}

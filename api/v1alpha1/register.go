package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every object in this package.
var GroupVersion = schema.GroupVersion{Group: "nodeaudit.dev", Version: "v1alpha1"}

// AddToScheme registers the objects of this package, and the meta types their clients need, with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&AuditPolicy{}, &AuditPolicyList{},
		&AuditSink{}, &AuditSinkList{},
		&AuditRoute{}, &AuditRouteList{},
		&NamespacedAuditSink{}, &NamespacedAuditSinkList{},
		&NodeAuditStatus{}, &NodeAuditStatusList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

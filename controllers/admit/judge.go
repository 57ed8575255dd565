package admit

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// maxWarnings is how many warnings one answer has. The API server cuts them where they are more than 4 KiB together.
const maxWarnings = 10

// judge answers for the objects of one kind.
type judge[T client.Object] struct {
	spec func(T) any
	new  func(context.Context, T) (admission.Warnings, error)
}

// ValidateCreate judges a new object.
func (j judge[T]) ValidateCreate(ctx context.Context, object T) (admission.Warnings, error) {
	return j.new(ctx, object)
}

// ValidateUpdate judges what is asked for in a new way. Labels, finalizers and the end of a broken object are nobody's business here: one
// that was there before the webhook must not hold up whoever works on its metadata.
func (j judge[T]) ValidateUpdate(ctx context.Context, before, after T) (admission.Warnings, error) {
	if after.GetDeletionTimestamp() != nil || equality.Semantic.DeepEqual(j.spec(before), j.spec(after)) {
		return nil, nil
	}
	return j.new(ctx, after)
}

// ValidateDelete refuses nothing.
func (j judge[T]) ValidateDelete(context.Context, T) (admission.Warnings, error) { return nil, nil }

// policies judges AuditPolicy objects.
type policies struct {
	others *neighbours
	log    *slog.Logger
}

func (p *policies) answer() judge[*v1alpha1.AuditPolicy] {
	return judge[*v1alpha1.AuditPolicy]{func(o *v1alpha1.AuditPolicy) any { return o.Spec }, p.judge}
}

func (p *policies) judge(ctx context.Context, policy *v1alpha1.AuditPolicy) (admission.Warnings, error) {
	alone := compile.NewFleet([]*compile.Policy{compile.ForPolicy(policy)}, nil).Verdicts()[0]
	if alone.Stalled() {
		return limit(alone.Warnings), refusal("AuditPolicy", policy.Name, alone.Reason, alone.Message)
	}
	among, err := p.others.remarks(ctx, policy)
	if err != nil {
		// What it says itself is judged all the same.
		p.log.Warn("judging a policy without those beside it", "policy", policy.Name, "err", err)
	}
	return limit(slices.Concat(alone.Warnings, among)), nil
}

// refusal is what the condition Stalled of a policy, and Ready of what tenants write, would say. `kubectl apply` begins it with: The AuditPolicy "p" is
// invalid.
func refusal(kind, name, reason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusUnprocessableEntity,
		Reason:  metav1.StatusReasonInvalid,
		Message: message,
		Details: &metav1.StatusDetails{
			Group: v1alpha1.GroupVersion.Group, Kind: kind, Name: name,
			Causes: []metav1.StatusCause{{Type: metav1.CauseType(reason), Field: "spec", Message: message}},
		},
	}}
}

func limit(warnings []string) admission.Warnings {
	if rest := len(warnings) - maxWarnings; rest > 0 {
		warnings = append(slices.Clone(warnings[:maxWarnings]), fmt.Sprintf("and %d more: see the status", rest))
	}
	return warnings
}

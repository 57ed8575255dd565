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
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// maxWarnings is how many warnings one answer has. The API server cuts them where they are more than 4 KiB together.
const maxWarnings = 10

// judge answers for AuditPolicy objects.
type judge struct {
	others *neighbours
	log    *slog.Logger
}

var _ admission.Validator[*v1alpha1.AuditPolicy] = (*judge)(nil)

// ValidateCreate judges a new policy.
func (j *judge) ValidateCreate(ctx context.Context, policy *v1alpha1.AuditPolicy) (admission.Warnings, error) {
	return j.judge(ctx, policy)
}

// ValidateUpdate judges what is asked for in a new way. Labels, finalizers and the end of a broken policy are nobody's business here: a
// policy that was there before the webhook must not hold up whoever works on its metadata.
func (j *judge) ValidateUpdate(ctx context.Context, before, after *v1alpha1.AuditPolicy) (admission.Warnings, error) {
	if after.DeletionTimestamp != nil || equality.Semantic.DeepEqual(before.Spec, after.Spec) {
		return nil, nil
	}
	return j.judge(ctx, after)
}

// ValidateDelete refuses nothing.
func (j *judge) ValidateDelete(context.Context, *v1alpha1.AuditPolicy) (admission.Warnings, error) {
	return nil, nil
}

func (j *judge) judge(ctx context.Context, policy *v1alpha1.AuditPolicy) (admission.Warnings, error) {
	alone := compile.NewFleet([]*compile.Policy{compile.ForPolicy(policy)}, nil).Verdicts()[0]
	if alone.Stalled() {
		return limit(alone.Warnings), refusal(policy.Name, alone)
	}
	among, err := j.others.remarks(ctx, policy)
	if err != nil {
		// What it says itself is judged all the same.
		j.log.Warn("judging a policy without those beside it", "policy", policy.Name, "err", err)
	}
	return limit(slices.Concat(alone.Warnings, among)), nil
}

// refusal is what the condition Stalled would say. `kubectl apply` begins it with: The AuditPolicy "p" is invalid.
func refusal(name string, verdict compile.Verdict) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusUnprocessableEntity,
		Reason:  metav1.StatusReasonInvalid,
		Message: verdict.Message,
		Details: &metav1.StatusDetails{
			Group: v1alpha1.GroupVersion.Group, Kind: "AuditPolicy", Name: name,
			Causes: []metav1.StatusCause{{Type: metav1.CauseType(verdict.Reason), Field: "spec", Message: verdict.Message}},
		},
	}}
}

func limit(warnings []string) admission.Warnings {
	if rest := len(warnings) - maxWarnings; rest > 0 {
		warnings = append(slices.Clone(warnings[:maxWarnings]), fmt.Sprintf("and %d more: see status.warnings of the policy", rest))
	}
	return warnings
}

package main

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// What is wrong with one manifest: a field that its type does not have, a field that is there twice, a value of another type, a name
// or label that the API server does not accept.
func faults(text []byte) []string {
	scheme := runtime.NewScheme()
	_ = corev1.AddToScheme(scheme)
	_ = batchv1.AddToScheme(scheme)
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	found := []string{}
	object, _, err := decoder.Decode(text, nil, nil)
	if err != nil {
		return append(found, err.Error())
	}
	all := field.ErrorList{}
	path := field.NewPath("metadata")
	if access, err := meta.Accessor(object); err == nil {
		for _, message := range validation.NameIsDNSLabel(access.GetName(), false) {
			all = append(all, field.Invalid(path.Child("name"), access.GetName(), message))
		}
		all = append(all, metavalidation.ValidateLabels(access.GetLabels(), path.Child("labels"))...)
		all = append(all, validation.ValidateAnnotations(access.GetAnnotations(), path.Child("annotations"))...)
	}
	if job, isJob := object.(*batchv1.Job); isJob {
		template := job.Spec.Template.ObjectMeta
		all = append(all, metavalidation.ValidateLabels(template.Labels, path.Child("template", "labels"))...)
		all = append(all, validation.ValidateAnnotations(template.Annotations, path.Child("template", "annotations"))...)
	}
	for _, one := range all {
		found = append(found, one.Error())
	}
	return found
}

package apache

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The kinds of things that a user can be allowed to use.
const (
	Topic           = kmsg.ACLResourceTypeTopic
	Group           = kmsg.ACLResourceTypeGroup
	TransactionalID = kmsg.ACLResourceTypeTransactionalId
)

// Allow lets a user of the SASL listener do everything with the thing of that name.
// A broker takes note of an ACL some time after it has confirmed it: Allow waits
// until it has.
func (b *Broker) Allow(t testing.TB, user string, kind kmsg.ACLResourceType, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cl, err := b.Client()
	require.NoError(t, err)
	defer cl.Close()
	acl := kmsg.NewCreateACLsRequestCreation()
	acl.ResourceType, acl.ResourceName, acl.ResourcePatternType = kind, name, kmsg.ACLResourcePatternTypeLiteral
	acl.Principal, acl.Host = "User:"+user, "*"
	acl.Operation, acl.PermissionType = kmsg.ACLOperationAll, kmsg.ACLPermissionTypeAllow
	req := kmsg.NewPtrCreateACLsRequest()
	req.Creations = append(req.Creations, acl)
	resp, err := req.RequestWith(ctx, cl)
	require.NoError(t, err)
	require.NoError(t, kerr.ErrorForCode(resp.Results[0].ErrorCode))

	describe := kmsg.NewPtrDescribeACLsRequest()
	describe.ResourceType, describe.ResourceName, describe.ResourcePatternType = kind, &name, kmsg.ACLResourcePatternTypeLiteral
	describe.Principal = &acl.Principal
	describe.Operation, describe.PermissionType = acl.Operation, acl.PermissionType
	for {
		resp, err := describe.RequestWith(ctx, cl)
		require.NoError(t, err)
		require.NoError(t, kerr.ErrorForCode(resp.ErrorCode))
		if len(resp.Resources) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

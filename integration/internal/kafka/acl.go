package kafka

import (
	"context"
	"testing"

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
}

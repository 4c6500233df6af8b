package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/serde"
)

// The children that are brokers. The second keeps nothing of what is produced.
const (
	kfakeChild     = "kfake"
	blackholeChild = "kfake that keeps nothing"
)

// serve is a broker until its standard input ends, which it does with whoever
// started it.
func serve(blackhole bool) error {
	opts := []kfake.Opt{kfake.NumBrokers(1)}
	if blackhole {
		opts = append(opts, kfake.BlackholeProduce())
	}
	k, err := kfake.NewCluster(opts...)
	if err != nil {
		return err
	}
	defer k.Close()
	fmt.Println(strings.Join(k.ListenAddrs(), ","))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func startKfake(kind string) (addr string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(context.Background(), self, "-child", kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, err
	}
	return strings.TrimSpace(addr), stop, nil
}

// makeTopic makes a topic of a new name, and returns what removes it.
func makeTopic(s settings) (name string, remove func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(s.Brokers, ",")...))
	if err != nil {
		return "", nil, err
	}
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = fmt.Sprintf("kavro-bench-%d", time.Now().UnixNano()), int32(s.Partitions), 1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis, req.Topics = 30_000, append(req.Topics, t)
	resp, err := req.RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		cl.Close()
		return "", nil, fmt.Errorf("topic %s: %w", t.Topic, err)
	}
	return t.Topic, func() {
		defer cl.Close()
		deletion := kmsg.NewDeleteTopicsRequestTopic()
		deletion.Topic = &t.Topic
		del := kmsg.NewPtrDeleteTopicsRequest()
		del.TimeoutMillis, del.Topics, del.TopicNames = 30_000, append(del.Topics, deletion), []string{t.Topic}
		_, _ = del.RequestWith(context.Background(), cl) // what stays behind has a name that says whose it is
	}, nil
}

// fill puts N records into the topic.
func fill(s settings) error {
	all, err := newRecords(s)
	if err != nil {
		return err
	}
	opts, err := bareProducer(s)
	if err != nil {
		return err
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed error
	for i := range s.N {
		value := all.value(i)
		if s.IDs > 1 {
			value = append(serde.AppendFrame(nil, 1+i%s.IDs), value[len(serde.AppendFrame(nil, 1)):]...)
		}
		cl.Produce(context.Background(), &kgo.Record{Topic: s.Topic, Key: all.key(i), Value: value}, func(_ *kgo.Record, err error) {
			failed = errors.Join(failed, err)
		})
	}
	return errors.Join(cl.Flush(context.Background()), failed)
}

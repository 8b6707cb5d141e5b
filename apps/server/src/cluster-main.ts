/** The embedded cluster's process: Kubernetes API, controllers, autoscaler, instances. */
import { writeFile } from "node:fs/promises";
import { systemClock, systemRandom } from "@ebb/base";
import { createApiServer } from "@ebb/apiserver";
import { createControllers } from "@ebb/controllers";
import { createGatewayClient } from "@ebb/gateway";
import { createInstanceManager, createProcessDriver, type Driver } from "@ebb/runtime";
import { bootstrapCluster } from "./bootstrap-cluster.ts";
import { runChild, type ChildContext, type ChildPart } from "./child.ts";

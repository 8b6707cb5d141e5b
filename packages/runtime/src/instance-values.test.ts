import { expect, test } from "vitest";
import { asksForAddress, INSTANCE_VALUES, specOf, uidOf, withAddress } from "./instance-values.ts";
import { workload } from "./manager/workload.fixture.ts";

const { id, uid, address } = INSTANCE_VALUES;
const part = { name: "side", role: "sidecar", artifact: { kind: "image", reference: "a" }, env: { ID: id }, resources: {} } as const;

test("an instance is told its id and uid wherever its template, or a part's, asks for them", () => {
  const spec = specOf(workload("team/shop", { env: { ME: `${id}/${uid}`, A: "b" }, args: [`--${id}`], parts: [part] }), "shop-1");
  expect(spec).toMatchObject({ id: "shop-1", env: { ME: `shop-1/${uidOf("shop-1")}`, A: "b" }, args: ["--shop-1"] });
  expect(spec.parts?.[0]?.env).toEqual({ ID: "shop-1" });
  expect(spec).not.toHaveProperty("command");
});

test("a uid is a UUID, the same each time, and another for another instance", () => {
  expect(uidOf("shop-1")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uidOf("shop-1")).toBe(uidOf("shop-1"));
  expect(uidOf("shop-1")).not.toBe(uidOf("shop-2"));
});

test("its address is left to the driver", () => {
  const spec = specOf(workload("team/shop", { env: { IP: address }, command: ["run", `--at=${address}`] }), "shop-1");
  expect(asksForAddress(spec)).toBe(true);
  const placed = withAddress(spec, "10.1.2.3");
  expect(placed).toMatchObject({ env: { IP: "10.1.2.3" }, command: ["run", "--at=10.1.2.3"] });
  expect(asksForAddress(placed)).toBe(false);
  expect(asksForAddress({ env: {}, parts: [{ ...part, env: { IP: address } }] })).toBe(true);
});

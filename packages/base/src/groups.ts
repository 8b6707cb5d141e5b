/** The only member of a group: a Map for each of tens of thousands of these would weigh several times as much. */
class Single<Value> {
  readonly member: string;
  readonly value: Value;

  constructor(member: string, value: Value) {
    this.member = member;
    this.value = value;
  }
}

/** Values by a group and a member's name in it; most groups are small. Empty groups take no memory. */
export class Groups<Value> {
  readonly #groups = new Map<string, Single<Value> | Map<string, Value>>();

  /** Replaces the value of a member that is there. */
  set(group: string, member: string, value: Value): void {
    const found = this.#groups.get(group);
    if (found === undefined || (found instanceof Single && found.member === member)) this.#groups.set(group, new Single(member, value));
    else if (found instanceof Single) this.#groups.set(group, new Map([[found.member, found.value]]).set(member, value));
    else found.set(member, value);
  }

  delete(group: string, member: string): void {
    const found = this.#groups.get(group);
    if (found instanceof Map) {
      found.delete(member);
      if (found.size === 0) this.#groups.delete(group);
    } else if (found?.member === member) this.#groups.delete(group);
  }

  /** In the order in which members came. */
  get(group: string): readonly (readonly [member: string, value: Value])[] {
    const found = this.#groups.get(group);
    if (found === undefined) return [];
    return found instanceof Single ? [[found.member, found.value]] : [...found];
  }

  get size(): number {
    return this.#groups.size;
  }
}

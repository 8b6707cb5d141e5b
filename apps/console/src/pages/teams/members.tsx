import type { MemberRole, TeamMember } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { membersQuery, ROLES } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Select } from "../../ui/select.tsx";

/** Who is in a team with which role; its administrators change it. */
export function Members({ team, admin }: { team: string; admin: boolean }) {
  const text = useText();
  const queryClient = useQueryClient();
  const query = useQuery(membersQuery(team));
  const [user, setUser] = useState("");
  const [role, setRole] = useState<MemberRole>("developer");
  const change = useMutation({
    mutationFn: (of: { user: string; role: MemberRole | null }) =>
      of.role === null ? client.removeMember(team, of.user) : client.setMember(team, of.user, of.role),
    onSettled: () => queryClient.invalidateQueries(membersQuery(team)),
  });
  return (
    <>
      <p className="faint">{text.teams.rolesHelp}</p>
      <Refused of={change} />
      <Loaded query={query} rows={3}>
        {(members) =>
          members.length === 0 ? (
            <Blank>{text.teams.noMembers}</Blank>
          ) : (
            <ul className="rows">
              {members.map((member) => (
                <MemberRow
                  key={member.user}
                  member={member}
                  admin={admin}
                  onChange={(next) => change.mutate({ user: member.user, role: next })}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {admin && (
        <form
          className="form-actions"
          onSubmit={(event) => {
            event.preventDefault();
            if (user !== "") change.mutate({ user, role }, { onSuccess: () => setUser("") });
          }}
        >
          <Input
            className="short-field"
            value={user}
            placeholder={text.teams.user}
            aria-label={text.teams.user}
            spellCheck={false}
            onChange={(event) => setUser(event.target.value.trim())}
          />
          <RoleSelect label={text.teams.role} role={role} onChange={setRole} />
          <Button htmlType="submit" disabled={user === ""} loading={change.isPending}>
            {text.teams.addMember}
          </Button>
        </form>
      )}
    </>
  );
}

function RoleSelect({ label, role, onChange }: { label: string; role: MemberRole; onChange: (role: MemberRole) => void }) {
  const text = useText();
  return (
    <Select
      className="short-field"
      value={role}
      aria-label={label}
      options={ROLES.map((value) => ({ value, label: text.teams.roles[value] }))}
      onChange={onChange}
    />
  );
}

interface MemberRowProps {
  member: TeamMember;
  admin: boolean;
  /** Null takes the member out. */
  onChange: (role: MemberRole | null) => void;
}

function MemberRow({ member, admin, onChange }: MemberRowProps) {
  const text = useText();
  const { user, displayName, role, source, disabled } = member;
  return (
    <li>
      <b>{user}</b>
      {displayName !== "" && displayName !== user && <span>{displayName}</span>}
      {disabled && <span className="warn">{text.users.disabled}</span>}
      {source === "oidc" && <span className="faint">{text.teams.byGroups}</span>}
      <span className="row-action member-actions">
        {admin ? <RoleSelect label={text.teams.roleOf(user)} role={role} onChange={onChange} /> : text.teams.roles[role]}
        {admin && (
          <Confirm title={text.teams.removeMember(user)} okText={text.common.remove} onConfirm={() => onChange(null)}>
            <Button size="small" danger aria-label={`${text.common.remove}: ${user}`}>
              {text.common.remove}
            </Button>
          </Confirm>
        )}
      </span>
    </li>
  );
}

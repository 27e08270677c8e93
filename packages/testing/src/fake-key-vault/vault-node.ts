import type { Identifiers } from '../fake-server/identifiers.js';
import type { ServerClock } from '../fake-server/options.js';
import { type KeyVaultAnswer, type KeyVaultCall, badParameter, failure, notFound } from './answer.js';
import type { FakeKeyVaultOptions, ForbiddenKind, SecretProperties } from './options.js';
import { SecretStore, type SecretVersion, bundle, propertiesBundle } from './secret-store.js';
import { IssuedTokens } from './tokens.js';

const RESOURCE = 'https://vault.azure.net';
const SECOND = 1000;
const NAME = /^[0-9A-Za-z-]{1,127}$/;
/** For whom there is no entry of his own. */
const EVERYTHING = '';

const WORDS: Readonly<Record<ForbiddenKind, (name: string) => string>> = {
  ForbiddenByPolicy: () =>
    "The user, group or application 'appid=fake;iss=https://sts.windows.net/fake/' does not have secrets get permission on key vault.",
  ForbiddenByRbac: (name) => `Caller is not authorized to perform action on resource. Resource: 'secrets/${name}'`,
  ForbiddenByFirewall: () => 'Client address is not authorized and caller is not a trusted service.',
};

const dateOf = (seconds: unknown): Date | undefined =>
  typeof seconds === 'number' ? new Date(seconds * SECOND) : undefined;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The properties that a body sets; what it does not mention is not in the result. */
const propertiesFrom = ({ contentType, tags, attributes }: KeyVaultCall['body']): SecretProperties => {
  const { enabled, nbf, exp } = isObject(attributes) ? attributes : {};
  const [notBefore, expiresOn] = [dateOf(nbf), dateOf(exp)];
  return {
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(isObject(tags) ? { tags: tags as Record<string, string> } : {}),
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expiresOn === undefined ? {} : { expiresOn }),
  };
};

const ok = (body: unknown): KeyVaultAnswer => ({ status: 200, body });

const unauthorized = (problem: string, challenge: string): KeyVaultAnswer => ({
  ...failure(401, 'Unauthorized', problem),
  headers: { 'www-authenticate': `Bearer ${challenge}` },
});

/** A vault without its network: state, and answers to calls. */
export class KeyVaultNode {
  readonly url: string;
  readonly secrets: SecretStore;
  readonly tokens: IssuedTokens;
  readonly tenantId: string;
  /** What a challenge says that tokens must be for. */
  challengeResource = RESOURCE;
  /** What tokens must have been issued with. */
  claims: string | undefined;
  readonly #clock: ServerClock;
  readonly #enforcesDates: boolean;
  readonly #forbidden = new Map<string, ForbiddenKind>();

  constructor(options: FakeKeyVaultOptions, clock: ServerClock, ids: Identifiers) {
    const { vaultName = 'fake', tenantId, tokenTtl = 3600, enforcesDates = false } = options;
    this.url = `https://${vaultName}.vault.azure.net`;
    this.tenantId = tenantId ?? '72f988bf-0000-4000-8000-2d7cd011db47';
    this.#clock = clock;
    this.#enforcesDates = enforcesDates;
    this.secrets = new SecretStore(this.url, ids, () => clock.wall());
    this.tokens = new IssuedTokens(ids, clock, tokenTtl);
  }

  /** Refuses one secret, or all of them. */
  forbid(kind: ForbiddenKind, name = EVERYTHING): void {
    this.#forbidden.set(name.toLowerCase(), kind);
  }

  allow(name = EVERYTHING): void {
    this.#forbidden.delete(name.toLowerCase());
  }

  answer(call: KeyVaultCall): KeyVaultAnswer {
    return this.#challenge(call) ?? this.#refusal(call) ?? this.#route(call);
  }

  #challenge({ token }: KeyVaultCall): KeyVaultAnswer | undefined {
    const problem =
      token === undefined
        ? 'AKV10000: Request is missing a Bearer or PoP token.'
        : this.tokens.problemOf(token, `${RESOURCE}/.default`, this.tenantId);
    const authorization = `https://login.microsoftonline.com/${this.tenantId}`;
    if (problem !== undefined)
      return unauthorized(problem, `authorization="${authorization}", resource="${this.challengeResource}"`);
    if (this.claims === undefined || this.tokens.claimsOf(token as string) === this.claims) return undefined;
    const claims = Buffer.from(this.claims).toString('base64');
    return unauthorized(
      '[TokenRevoked]',
      `authorization="${authorization}", error="insufficient_claims", claims="${claims}"`,
    );
  }

  #refusal({ path: [, name = ''], query }: KeyVaultCall): KeyVaultAnswer | undefined {
    if (query.get('api-version') === null) return badParameter('api-version must be specified.');
    const kind = this.#forbidden.get(name.toLowerCase()) ?? this.#forbidden.get(EVERYTHING);
    return kind && failure(403, 'Forbidden', WORDS[kind](name), kind);
  }

  #route(call: KeyVaultCall): KeyVaultAnswer {
    const [collection, name, rest] = call.path;
    if (name !== undefined && !NAME.test(name))
      return badParameter('The request URI contains an invalid name. Object name must match [0-9a-zA-Z-]+.');
    if (collection === 'deletedsecrets' && name !== undefined) return this.#deleted(call, name);
    if (collection !== 'secrets') return failure(404, 'NotFound', 'The requested resource does not exist.');
    if (name === undefined) return this.#list(this.secrets.all());
    if (rest === 'versions') return this.#list(this.secrets.versions(name));
    switch (call.method) {
      case 'GET':
        return this.#get(name, rest);
      case 'PUT':
        return this.#set(call, name);
      case 'PATCH':
        return this.#update(call, name, rest);
      case 'DELETE':
        return this.secrets.delete(name) ? ok(this.secrets.deletedBundle(name)) : notFound(name);
      default:
        return failure(405, 'MethodNotAllowed', 'The method is not allowed.');
    }
  }

  /** As a single page: tests have few secrets. */
  #list(secrets: readonly SecretVersion[]): KeyVaultAnswer {
    return ok({ value: secrets.map(propertiesBundle), nextLink: null });
  }

  #get(name: string, version: string | undefined): KeyVaultAnswer {
    const secret = this.secrets.find(name, version);
    if (secret === undefined) return notFound(name);
    return this.#disabled(secret) ?? ok(bundle(secret));
  }

  #disabled({ properties: { enabled = true, notBefore, expiresOn } }: SecretVersion): KeyVaultAnswer | undefined {
    const [nbf, exp] = [notBefore?.getTime() ?? 0, expiresOn?.getTime() ?? Infinity];
    const wall = this.#clock.wall();
    if (enabled && !(this.#enforcesDates && (wall < nbf || wall >= exp))) return undefined;
    return failure(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
  }

  #set({ body }: KeyVaultCall, name: string): KeyVaultAnswer {
    const { value } = body;
    if (typeof value !== 'string') return badParameter('The value of the secret must be a string.');
    if (this.secrets.isDeleted(name))
      return failure(
        409,
        'Conflict',
        `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused.`,
        'ObjectIsDeletedButRecoverable',
      );
    return ok(bundle(this.secrets.set(name, value, propertiesFrom(body))));
  }

  #update({ body }: KeyVaultCall, name: string, version: string | undefined): KeyVaultAnswer {
    const secret = this.secrets.find(name, version);
    if (secret === undefined) return notFound(name);
    this.secrets.update(secret, propertiesFrom(body));
    return ok(propertiesBundle(secret));
  }

  #deleted({ method, path }: KeyVaultCall, name: string): KeyVaultAnswer {
    const deleted = this.secrets.deletedBundle(name);
    if (deleted === undefined) return notFound(name);
    if (method === 'GET') return ok(deleted);
    if (method === 'DELETE') {
      this.secrets.purge(name);
      return { status: 204 };
    }
    if (path[2] !== 'recover') return failure(405, 'MethodNotAllowed', 'The method is not allowed.');
    this.secrets.recover(name);
    return ok(propertiesBundle(this.secrets.find(name) as SecretVersion));
  }
}

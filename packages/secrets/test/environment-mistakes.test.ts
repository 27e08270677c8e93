import { ConfigurationError } from '@holdfast/core';
import { describeEnvironment, secretsFromEnv } from '../src/index.js';

const VAULT = {
  VAULT_ADDR: 'http://127.0.0.1:8200',
  VAULT_TOKEN: 'root',
  HOLDFAST_SECRETS_VAULT_PATH: 'secret/app',
};

const errorOf = (environment: Record<string, string>): ConfigurationError => {
  try {
    secretsFromEnv({ environment: { ...VAULT, ...environment } });
  } catch (error) {
    return error as ConfigurationError;
  }
  throw new Error('expected to throw');
};

test.each([
  ['HOLDFAST_SECRETS_PROVIDERS', 'canary'],
  ['HOLDFAST_SECRETS_PROVIDERS', 'vault,canary'],
  ['HOLDFAST_SECRETS_PROVIDERS', 'constructor'],
  ['MLFLOW_SECRETS_AUTH_ENABLE', 'canary'],
  ['HOLDFAST_SECRETS_VAULT_TTL', '9'.repeat(400)],
  ['MLFLOW_VAULT_TTL_SEC', '9'.repeat(307)],
  ['HOLDFAST_SECRETS_HEADER_NAME', 'X canary'],
  ['MLFLOW_AUTH_HEADER_NAME', 'canary:'],
  ['HOLDFAST_SECRETS_ALLOWED_HOSTS', 'api.example.com,https://ann:canary@example.com'],
  ['MLFLOW_SECRETS_ALLOWED_HOSTS', 'canary/path'],
])('%s=%s is refused by its name, and not quoted', (name, text) => {
  const error = errorOf({ [name]: text });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toContain(name);
  expect(error.message).not.toContain('canary');
  expect(error.message).not.toContain('999');
});

test('bounds the wrong way round are refused by name', () => {
  const error = errorOf({ HOLDFAST_SECRETS_MIN_TTL: '1h', HOLDFAST_SECRETS_MAX_TTL: '1s' });
  expect(error.message).toBe('HOLDFAST_SECRETS_MIN_TTL: must be at most HOLDFAST_SECRETS_MAX_TTL');
});

test.each([
  ['ann:canary@vault:8200', '(not readable)'],
  ['hvs.canary', '(not readable)'],
  ['https://ann:canary@vault:8200/x?token=canary#canary', 'https://vault:8200/x'],
  ['http://vault', 'http://vault'],
])('a place of %s is described as %s', (address, place) => {
  const [vault] = describeEnvironment({ ...VAULT, VAULT_ADDR: address }).providers;
  expect(vault?.place).toBe(place);
});

test.each(['eu-west-1', 'us-gov-east-1', 'ap-southeast-2', 'us-iso-west-1'])('the region %s is shown', (region) => {
  const [, aws] = describeEnvironment({ AWS_REGION: region }).providers;
  expect(aws?.place).toBe(region);
});

test.each(['vault', ' VAULT , aws-secrets-manager ', 'vault,azure-key-vault,'])('%j names providers', (list) => {
  expect(secretsFromEnv({ environment: { ...VAULT, HOLDFAST_SECRETS_PROVIDERS: list } }).provider.kind).toBe('vault');
});
